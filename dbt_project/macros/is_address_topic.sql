{#- Whether a topic is an address: present, with 12 zero bytes before it. -#}
{% macro is_address_topic(column) -%}
    startsWith(coalesce({{ column }}, ''), '0x000000000000000000000000')
{%- endmacro %}
