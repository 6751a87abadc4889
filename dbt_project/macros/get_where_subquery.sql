{#- What a generic test reads. Of a `by_day` model only the days built in the last 24 hours, so that tests
    cost what was built and not what there is; `--vars 'test_all_days: true'` looks at all. -#}
{% macro get_where_subquery(relation) -%}
    {%- set conditions = [config.get('where')] if config.get('where') else [] -%}
    {%- if execute and not var('test_all_days') -%}
        {%- for node in graph.nodes.values() if node.resource_type == 'model'
                and node.schema == relation.schema and node.alias == relation.identifier
                and node.config.materialized == 'by_day' -%}
            {%- do conditions.append(day_column(node.config.partition_by) ~ " in (select block_date from " ~ ledger() ~ " where model = '"
                ~ relation.schema ~ '.' ~ relation.identifier ~ "' and built_at >= now() - interval 1 day)") -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return('(select * from ' ~ relation ~ ' where ' ~ conditions | join(' and ') ~ ') as tested'
        if conditions else relation) }}
{%- endmacro %}
