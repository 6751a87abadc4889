{#- Address in an indexed topic: its last 20 bytes. -#}
{% macro topic_to_address(column) -%}
    concat('0x', substring(assumeNotNull({{ column }}), 27))
{%- endmacro %}
