{#- dbt's name of a table being built, with the build's own suffix. -#}
{% macro clickhouse__make_intermediate_relation(base_relation, suffix) -%}
    {{ return(default__make_intermediate_relation(base_relation, suffix ~ build_suffix())) }}
{%- endmacro %}
