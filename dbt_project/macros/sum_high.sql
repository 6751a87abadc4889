{#- With sum_low the two halves of an exact sum of UInt256, which wraps round at 2^256 when summed plainly:
    value = high * 10^38 + low. Each half has room for 10^38 rows. -#}
{% macro sum_high(column, condition) -%}
    sumIf(intDiv({{ column }}, toUInt256('1{{ '0' * 38 }}')), {{ condition }})
{%- endmacro %}
