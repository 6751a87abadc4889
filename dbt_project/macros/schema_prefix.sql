{#- What stands before the name of each schema, so that a trial build does not touch what people read: on the
    target `dev` the developer's name, else ORACUL_DBT_SCHEMA_PREFIX. -#}
{% macro schema_prefix() -%}
    {{ return('dev_' ~ developer() ~ '_' if target.name == 'dev' else env_var('ORACUL_DBT_SCHEMA_PREFIX', '')) }}
{%- endmacro %}
