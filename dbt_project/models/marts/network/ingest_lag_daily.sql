-- grain: one chain and UTC day with blocks
-- A block that landed more than a day after its own time was filled in, not followed: no lag.
{{ config(order_by='chain') }}

with

landed as (
    select
        chain,
        block_date,
        greatest(0, dateDiff(
            'millisecond', toDateTime64(block_timestamp, 3, 'UTC'), ingested_at
        ) / 1000) as lag_seconds,
        lag_seconds <= 86400 as is_live
    from {{ ref('stg_evm__blocks') }}
    where {{ in_days(['blocks'], by_block=true) }}
)

select
    block_date,
    chain,
    count() as block_count,
    countIf(is_live) as live_count,
    {{ quantile(0.5, 'lag_seconds', 'is_live') }} as lag_median_seconds,
    {{ quantile(0.95, 'lag_seconds', 'is_live') }} as lag_p95_seconds,
    maxOrNullIf(lag_seconds, is_live) as lag_max_seconds
from landed
group by block_date, chain
