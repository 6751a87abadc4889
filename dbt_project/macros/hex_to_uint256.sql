{#- Number in a hex text of at most 32 bytes; NULL for `0x`, which would otherwise read as 0. -#}
{% macro hex_to_uint256(column) -%}
    if(length({{ column }}) between 4 and 66, reinterpretAsUInt256(reverse(unhex(substring({{ column }}, 3)))), null)
{%- endmacro %}
