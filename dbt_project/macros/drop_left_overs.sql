{#- Drop tables that builds have left beside ours: this build's own at its end, and at the start those of
    builds that were killed, which are known by a day without a write. Others may be in use. -#}
{% macro drop_left_overs(own) -%}
    {%- if execute and flags.WHICH in ('build', 'run', 'seed') -%}
        {%- set left_overs -%}
            select database, name from system.tables
            where
                database in ('{{ graph.nodes.values() | map(attribute='schema') | unique | join("', '") }}')
                and match(name, '__dbt_(days|tmp|backup)(_[0-9a-f]{8})?$')
                {% if own -%}
                and endsWith(name, '{{ build_suffix() }}')
                {%- else -%}
                and metadata_modification_time < now() - interval 1 day
                and (database, name) not in (
                    select database, table from system.parts where modification_time > now() - interval 1 day
                )
                {%- endif %}
        {%- endset -%}
        {%- set cluster = adapter.get_clickhouse_cluster_name() -%}
        {%- for left_over in run_query(left_overs).rows -%}
            {%- do run_query('drop table if exists `' ~ left_over.database ~ '`.`' ~ left_over.name ~ '`' ~ (' on cluster ' ~ cluster ~ ' sync' if cluster else '')) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
