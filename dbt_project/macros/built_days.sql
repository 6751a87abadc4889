{#- Rows (day, version) that a `by_day` model of this project was built for and from. -#}
{% macro built_days(name) -%}
    {%- set relation = model_relation(name) -%}
    select block_date as day, cityHash64(input_version, code_version) as version
    from meta.built_days final
    where model = '{{ relation.schema }}.{{ relation.identifier }}' and input_version != 0
{%- endmacro %}
