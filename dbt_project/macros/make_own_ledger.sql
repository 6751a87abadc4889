{#- Make the ledger of the target `dev`; migrations have made the other one. -#}
{% macro make_own_ledger() -%}
    {%- if execute and target.name == 'dev' and flags.WHICH in ('build', 'run', 'seed', 'show', 'snapshot', 'test') -%}
        {%- set cluster = adapter.get_clickhouse_cluster_name() -%}
        {%- set everywhere = ' on cluster ' ~ cluster if cluster else '' -%}
        {%- do run_query('create database if not exists ' ~ schema_prefix() ~ 'meta' ~ everywhere) -%}
        {%- do run_query('create table if not exists ' ~ own_ledger() ~ everywhere ~ ' as meta.built_days') -%}
    {%- endif -%}
{%- endmacro %}
