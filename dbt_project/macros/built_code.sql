{#- Version of the code that a `by_day` model was built with last, as a scalar subquery. -#}
{% macro built_code(name) -%}
    {%- set relation = model_relation(name) -%}
    (
        select any(code_version) from {{ ledger() }}
        where block_date = '2149-06-06' and model = '{{ relation.schema }}.{{ relation.identifier }}'
    )
{%- endmacro %}
