-- grain: one chain with blocks
with

-- A day is whole when its blocks have no hole and go on into both neighbours.
days as (
    select
        *,
        last_block_number - first_block_number + 1 = block_count
        and (
            first_block_number = 0
            or first_block_number
            = lagInFrame(toNullable(last_block_number)) over by_day + 1
        )
        and leadInFrame(toNullable(first_block_number)) over by_day
        = last_block_number + 1 as is_whole
    from {{ ref('block_days') }}
    window by_day as (
        partition by chain order by block_date
        rows between unbounded preceding and unbounded following
    )
),

chains as (
    select
        chain,
        min(block_date) as first_date,
        max(block_date) as newest_date,
        maxOrNullIf(block_date, coalesce(is_whole, false)) as newest_whole_date,
        maxOrNullIf(block_date, days.finality = 'finalized') as newest_final_date,
        count() as day_count,
        countIf(not coalesce(is_whole, false)) as unwhole_day_count,
        max(last_block_number) as newest_block_number,
        max(last_block_timestamp) as newest_block_at,
        argMax(days.finality, block_date) as newest_finality
    from days
    group by chain
),

last_days as (
    select chain, block_date
    from {{ ref('block_days') }}
    order by block_date desc
    limit 7 by chain
),

-- Not from a mart: while this view is made, `ref` of one may be that which waits for its checks.
proven as (
    select
        chain,
        min(shares.proven_ratio) as proven_ratio
    from
        (
            select
                chain,
                dataset,
                {{ ratio(
                    'sum(proven_count)',
                    'sum(proven_count + partial_count + broken_count + missing_count)'
                ) }} as proven_ratio
            from {{ ref('block_proof_days') }}
            where
                dataset in ('blocks', 'transactions', 'logs')
                and block_date in (select block_date from last_days)
                and (chain, block_date) in (select chain, block_date from last_days)
            group by chain, dataset
        ) as shares
    group by chain
),

built as (
    select
        maxOrNullIf(block_date, model = 'marts.network_metrics_daily') as network_date,
        maxOrNullIf(block_date, model = 'marts.token_metrics_daily') as tokens_date,
        maxOrNullIf(block_date, model = 'marts.address_flows_daily') as addresses_date,
        maxOrNullIf(block_date, model = 'meta.anomalies') as judged_date
    from {{ ref('stg_meta__built_days') }}
)

select
    chains.chain as chain,
    chains.newest_block_number as newest_block_number,
    chains.newest_block_at as newest_block_at,
    dateDiff('second', chains.newest_block_at, now('UTC')) as age_seconds,
    chains.newest_finality as newest_finality,
    chains.first_date as first_date,
    chains.newest_date as newest_date,
    chains.newest_whole_date as newest_whole_date,
    chains.newest_final_date as newest_final_date,
    if(
        chains.newest_date < built.network_date, chains.newest_date, built.network_date
    ) as network_date,
    if(
        chains.newest_date < built.tokens_date, chains.newest_date, built.tokens_date
    ) as tokens_date,
    if(
        chains.newest_date < built.addresses_date, chains.newest_date, built.addresses_date
    ) as addresses_date,
    if(
        chains.newest_date < built.judged_date, chains.newest_date, built.judged_date
    ) as judged_date,
    chains.day_count as day_count,
    chains.unwhole_day_count as unwhole_day_count,
    proven.proven_ratio as proven_ratio
from chains
cross join built
left join proven on chains.chain = proven.chain
