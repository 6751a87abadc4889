{#- Whole days that a price can be carried over midnight. -#}
{% macro price_carry_days() -%}
    {{ return((var('price_carry_hours') | int + 23) // 24) }}
{%- endmacro %}
