{#- Nearest Float64 of high * 10^38 + low (see sum_high); the same whatever order the rows came in. -#}
{% macro exact_float(high, low) -%}
    (toFloat64({{ high }}) * 1e38 + toFloat64({{ low }}))
{%- endmacro %}
