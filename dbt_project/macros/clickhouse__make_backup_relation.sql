{#- dbt's name of a table about to be replaced, or of what replaces it, with the build's own suffix. -#}
{% macro clickhouse__make_backup_relation(base_relation, backup_relation_type, suffix) -%}
    {{ return(default__make_backup_relation(base_relation, backup_relation_type, suffix ~ build_suffix())) }}
{%- endmacro %}
