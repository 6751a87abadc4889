{#- Schemas are named as they are (`staging`, `curated`, `marts`); ORACUL_DBT_SCHEMA_PREFIX puts a
    word before each, so that a trial build does not touch what people read. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ env_var('ORACUL_DBT_SCHEMA_PREFIX', '') }}{{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
