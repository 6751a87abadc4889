{#- Who builds on the target `dev`, as a part of a schema's name: the var `dev_name`, ORACUL_DBT_DEV_NAME or the
    login name, in small letters, digits and underscores. -#}
{% macro developer() -%}
    {%- set given = var('dev_name') or env_var('ORACUL_DBT_DEV_NAME', '') or env_var('USER', '') or env_var('LOGNAME', '') -%}
    {%- set name = modules.re.sub('[^a-z0-9]+', '_', given | lower).strip('_')[:30] -%}
    {%- if not name -%}
        {{ exceptions.raise_compiler_error(
            "The target `dev` builds into schemas that carry your name, and '" ~ given ~ "' has no letter a-z "
            ~ "or digit. Say who you are: export ORACUL_DBT_DEV_NAME=ann") }}
    {%- endif -%}
    {{ return(name) }}
{%- endmacro %}
