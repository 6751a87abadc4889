{#- The address that mints come from and burns go to. -#}
{% macro zero_address() -%}
    '0x0000000000000000000000000000000000000000'
{%- endmacro %}
