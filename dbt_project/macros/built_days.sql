{#- Rows (day, version) that a `by_day` model of this project was built for and from. -#}
{% macro built_days(name) -%}
    select block_date as day, cityHash64(input_version, code_version) as version
    from {{ ledger() }}
    where {{ is_booked(model_relation(name)) }}
{%- endmacro %}
