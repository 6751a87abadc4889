{#- Rows (day, version) of the days that a relation has: the version of the inputs it was built from, 0 for a
    day with rows that nobody booked. A build of it was killed, and its inputs may be gone since. -#}
{% macro days_in_place(relation) -%}
    select day, max(booked_version) as version
    from (
        select block_date as day, input_version as booked_version
        from {{ ledger() }}
        where {{ is_booked(relation) }}
        union all
        {% if has_wide_partitions() and load_cached_relation(relation) -%}
        select distinct {{ day_column(config.get('partition_by')) }} as day, 0 as booked_version
        from {{ relation }}
        {%- else -%}
        select toDateOrNull(partition) as day, 0 as booked_version
        from system.parts
        where
            active and rows > 0 and database = '{{ relation.schema }}'
            and table = '{{ relation.identifier }}'
        {%- endif %}
    )
    where day is not null
    group by day
{%- endmacro %}
