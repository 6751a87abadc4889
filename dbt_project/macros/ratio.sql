{#- a / b as Float64; NULL where b is 0. -#}
{% macro ratio(numerator, denominator) -%}
    toFloat64({{ numerator }}) / nullIf({{ denominator }}, 0)
{%- endmacro %}
