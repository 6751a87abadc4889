{#- What a `by_day` model has to do: rows (plan_day, plan_version, block_count, is_same), one for each day that
    the first input has or that the table has, on the target `dev` the newest `dev_days` only.
    `plan_version` is NULL for a day that is gone. -#}
{% macro day_plan(target_relation, inputs, period) -%}
    with

    versions as (
        {% for input in inputs %}
        select
            {{ 'toMonday(input.day)' if period == 'week' else 'input.day' }} as day,
            input.version as version,
            {{ loop.first | lower }} as is_first
        from ({{ day_versions(input) }}) as input
        {% if not loop.last %}union all{% endif %}
        {% endfor %}
    ),

    wanted as (
        select day, greatest(sum(versions.version), 1) as version
        from versions
        group by day
        having max(is_first)
    ),

    built as (
        {{ days_in_place(target_relation) }}
    ),

    sizes as (
        select
            {{ 'toMonday(block_date)' if period == 'week' else 'block_date' }} as day,
            sum(block_count) as block_count
        from {{ model_relation('block_days') }}
        group by day
    )

    select
        toString(coalesce(wanted.day, built.day)) as plan_day,
        toString(wanted.version) as plan_version,
        coalesce(sizes.block_count, 0) as block_count,
        coalesce(wanted.version = built.version, false) as is_same
    from wanted
    full outer join built on wanted.day = built.day
    left join sizes on coalesce(wanted.day, built.day) = sizes.day
    {% if target.name == 'dev' -%}
    where coalesce(wanted.day, built.day) > (select max(wanted.day) from wanted) - {{ var('dev_days') }}
    {% endif -%}
    order by plan_day
{%- endmacro %}
