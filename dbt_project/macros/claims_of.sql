{#- Pairs (name, dates) by which meta.built_days knows what a build works on: the days under the table's name, and
    their weeks or months under a name of their own, since replacing one copies its other days. -#}
{% macro claims_of(relation, days) -%}
    {%- set name = relation.schema ~ '.' ~ relation.identifier -%}
    {%- set claims = [(name, days)] -%}
    {%- if has_wide_partitions() -%}{%- do claims.append((name ~ ' by partition', partitions_of(days))) -%}{%- endif -%}
    {{ return(claims) }}
{%- endmacro %}
