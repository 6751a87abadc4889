{#- Sum of US dollars where a condition holds, added up in whole millionths: floats would give
    another last digit with another order of rows. NULL when no row has a value. -#}
{% macro sum_usd(column, condition='true') -%}
    toFloat64(sumIf(toInt128(round({{ column }} * 1000000)), {{ condition }})) / 1000000
{%- endmacro %}
