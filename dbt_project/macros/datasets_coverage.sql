{#- Coverage of all datasets of a chain and UTC day, from that of `blocks`. -#}
{% macro datasets_coverage(blocks) -%}
    with

    counted as (
        select
            block_date, chain, dataset, proven_count, partial_count, broken_count, missing_count,
            verified_count, last_verified_at
        from {{ blocks }}
        union all
        select
            block_date, chain, 'prices' as dataset, proven_count, partial_count, 0 as broken_count,
            missing_count, 0 as verified_count, null as last_verified_at
        from {{ ref('coverage_prices_daily') }}
        union all
        -- Tables are built for all chains at once: each chain of the day shows them.
        select
            built_days.block_date, chain_days.chain, 'marts' as dataset, built_days.proven_count,
            built_days.partial_count, 0 as broken_count, built_days.missing_count, 0 as verified_count,
            null as last_verified_at
        from {{ ref('coverage_marts_daily') }} as built_days
        inner join {{ ref('block_days') }} as chain_days
            on built_days.block_date = chain_days.block_date
    )

    select
        block_date,
        chain,
        dataset,
        multiIf(
            broken_count > 0, 'broken', missing_count > 0, 'missing', partial_count > 0, 'partial',
            'proven'
        ) as status,
        proven_count,
        partial_count,
        broken_count,
        missing_count,
        verified_count,
        last_verified_at
    from counted
{%- endmacro %}
