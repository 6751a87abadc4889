{#- Drop every database of this developer, and nothing else: `dbt run-operation drop_dev --target dev`. -#}
{% macro drop_dev() -%}
    {%- if target.name != 'dev' -%}
        {{ exceptions.raise_compiler_error('drop_dev drops schemas of the target `dev`: add --target dev.') }}
    {%- endif -%}
    {%- set own = graph.nodes.values() | map(attribute='schema') | select('defined') | unique | list -%}
    {%- do own.append(schema_prefix() ~ 'meta') -%}
    {%- set cluster = adapter.get_clickhouse_cluster_name() -%}
    {%- set found = run_query("select name from system.databases where name in ('" ~ own | join("', '")
        ~ "') and startsWith(name, '" ~ schema_prefix() ~ "') order by name").rows -%}
    {%- for row in found -%}
        {%- do run_query('drop database `' ~ row.name ~ '`' ~ (' on cluster ' ~ cluster ~ ' sync' if cluster else '')) -%}
        {%- do log('Dropped ' ~ row.name, info=true) -%}
    {%- endfor -%}
    {%- if not found -%}{%- do log('There is no schema ' ~ schema_prefix() ~ '*', info=true) -%}{%- endif -%}
{%- endmacro %}
