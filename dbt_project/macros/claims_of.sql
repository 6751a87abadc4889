{#- Pairs (name, dates) by which meta.built_days knows what a build works on: the days under the table's name, and
    their months under a name of their own, since replacing a month copies its other days. -#}
{% macro claims_of(relation, days) -%}
    {%- set name = relation.schema ~ '.' ~ relation.identifier -%}
    {%- set claims = [(name, days)] -%}
    {%- if has_months() -%}{%- do claims.append((name ~ ' by month', partitions_of(days))) -%}{%- endif -%}
    {{ return(claims) }}
{%- endmacro %}
