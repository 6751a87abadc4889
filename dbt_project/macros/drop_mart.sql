{#- Drop a mart whose model was deleted, and its bookings:
    `oracul dbt run-operation drop_mart --args '{name: token_turnover_weekly}'`. -#}
{% macro drop_mart(name) -%}
    {%- if graph.nodes.values() | selectattr('resource_type', 'equalto', 'model') | selectattr('name', 'equalto', name) | list -%}
        {{ exceptions.raise_compiler_error(name ~ ' is still a model of the project: delete its files first.') }}
    {%- elif not modules.re.fullmatch('[a-z0-9_]+', name) -%}
        {{ exceptions.raise_compiler_error("'" ~ name ~ "' is no name of a mart.") }}
    {%- endif -%}
    {%- set cluster = adapter.get_clickhouse_cluster_name() -%}
    {%- for schema in ['marts', 'marts_next'] -%}
        {%- do run_query('drop table if exists ' ~ schema ~ '.' ~ name ~ (' on cluster ' ~ cluster ~ ' sync' if cluster else '')) -%}
        {%- do run_query("delete from meta.built_days where model in ('" ~ schema ~ '.' ~ name ~ "', '" ~ schema ~ '.' ~ name ~ " by partition')") -%}
    {%- endfor -%}
    {%- do log('Dropped ' ~ name, info=true) -%}
{%- endmacro %}
