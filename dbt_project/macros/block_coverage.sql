{#- Coverage of raw rows in blocks: of those that are there from `states` (see block_states), of those
    that are not from `days` (see missing_blocks). -#}
{% macro block_coverage(states, days) -%}
    select
        block_date,
        chain,
        dataset,
        sum(counted.proven_count) as proven_count,
        sum(counted.partial_count) as partial_count,
        sum(counted.broken_count) as broken_count,
        sum(counted.missing_count) as missing_count,
        sum(counted.verified_count) as verified_count,
        max(counted.last_verified_at) as last_verified_at
    from
        (
            select
                block_date, chain, dataset, proven_count, partial_count, broken_count,
                missing_count, verified_count, last_verified_at
            from {{ states }}
            union all
            select
                block_date, chain,
                arrayJoin(['blocks', 'transactions', 'logs', 'withdrawals']) as dataset,
                0 as proven_count, 0 as partial_count, 0 as broken_count, missing_count,
                0 as verified_count, null as last_verified_at
            from ({{ missing_blocks(days) }})
            where missing_count > 0
        ) as counted
    group by block_date, chain, dataset
{%- endmacro %}
