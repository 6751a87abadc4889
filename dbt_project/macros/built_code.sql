{#- Version of the code that a `by_day` model was built with last, as a scalar subquery. -#}
{% macro built_code(name) -%}
    {%- set relation = model_relation(name) -%}
    (
        select max(code_version) from meta.built_days final
        where model = '{{ relation.schema }}.{{ relation.identifier }}' and input_version != 0
    )
{%- endmacro %}
