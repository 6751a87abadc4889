{#- Stop a `by_day` model that does not say what its days follow from. -#}
{% macro raise_no_day_inputs() -%}
    {{ exceptions.raise_compiler_error(
        model.name ~ " is built by day, and no input says when a day changes. Write `where {{ in_days(['"
        ~ (model.refs[0].name if model.refs else 'erc20_transfers') ~ "']) }}` on what it reads (the README of "
        ~ "dbt_project explains it), or make it a table of one piece: {{ config(materialized='table') }}.") }}
{%- endmacro %}
