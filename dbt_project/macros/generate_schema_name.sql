{#- Schemas are named as they are (`staging`, `curated`, `marts`), after the word of schema_prefix(). -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ schema_prefix() }}{{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
