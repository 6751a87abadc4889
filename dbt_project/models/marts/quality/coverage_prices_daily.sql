-- grain: one chain and UTC day that has canonical blocks, in hours of the chain's own coin
-- What values in USD rest on first of all.
with

chain_days as (
    select
        block_days.chain as chain,
        block_days.block_date as block_date,
        chains.native_asset as native_asset
    from {{ ref('block_days') }} as block_days
    inner join {{ ref('ref_chains') }} as chains on block_days.chain = chains.chain
),

observed_hours as (
    select asset, price_date, toStartOfHour(observed_at) as hour, uniqExact(source) as source_count
    from {{ ref('stg_prices__spot') }}
    where asset in (select native_asset from chain_days)
    group by asset, price_date, hour
),

priced as (
    select
        chain_days.chain as chain,
        chain_days.block_date as block_date,
        countIf(observed_hours.source_count >= {{ var('price_min_sources') }}) as agreed_count,
        countIf(
            observed_hours.source_count between 1 and {{ var('price_min_sources') }} - 1
        ) as lone_count,
        least(
            24, greatest(0, dateDiff('hour', toDateTime(chain_days.block_date, 'UTC'), now('UTC')))
        ) as hour_count
    from chain_days
    left join observed_hours
        on
            chain_days.native_asset = observed_hours.asset
            and chain_days.block_date = observed_hours.price_date
    group by chain_days.chain, chain_days.block_date
)

select
    block_date,
    chain,
    agreed_count as proven_count,
    lone_count as partial_count,
    toUInt64(greatest(0, toInt64(hour_count) - toInt64(agreed_count + lone_count))) as missing_count
from priced
