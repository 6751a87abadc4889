{#- Lower 38 decimal places of an exact sum; see sum_high. -#}
{% macro sum_low(column, condition) -%}
    sumIf({{ column }} % toUInt256('1{{ '0' * 38 }}'), {{ condition }})
{%- endmacro %}
