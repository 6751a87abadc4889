-- grain: one dataset of a chain and UTC day, with how much of it is there and proven
with

looked_at as (
    select
        pointers.chain as chain,
        pointers.block_date as block_date,
        verified.verified_at as verified_at,
        isNotNull(blocks.block_hash) as is_landed,
        arrayZip(
            ['blocks', 'transactions', 'logs', 'withdrawals'],
            [
                {{ verified_state('blocks', "has(blocks.proof, 'header')") }},
                {{ verified_state('transactions', "has(blocks.proof, 'transactions')") }},
                {{ verified_state('logs', "has(blocks.proof, 'receipts')") }},
                {{ verified_state(
                    'withdrawals',
                    "has(blocks.proof, 'withdrawals') or isNull(blocks.withdrawals_root) or blocks.withdrawal_count = 0"
                ) }}
            ]
        ) as states
    from {{ ref('stg_meta__canonical_blocks') }} as pointers
    left join {{ ref('stg_evm__blocks') }} as blocks
        on
            pointers.chain = blocks.chain
            and pointers.block_number = blocks.block_number
            and pointers.block_hash = blocks.block_hash
    left join {{ ref('stg_meta__verified_blocks') }} as verified
        on
            pointers.chain = verified.chain
            and pointers.block_number = verified.block_number
            and pointers.block_hash = verified.block_hash
),

each_state as (
    select
        chain,
        block_date,
        verified_at,
        arrayJoin(states) as named_state,
        tupleElement(named_state, 1) as dataset,
        if(is_landed, tupleElement(named_state, 2), 'missing') as state
    from looked_at
),

steps as (
    select
        chain,
        block_number,
        toUnixTimestamp(block_timestamp) as ended_at,
        toUnixTimestamp(lagInFrame(toNullable(block_timestamp)) over by_height) as began_at,
        lagInFrame(toNullable(block_number)) over by_height as number_before
    from {{ ref('stg_meta__canonical_blocks') }}
    window by_height as (
        partition by chain order by block_number rows between unbounded preceding and current row
    )
),

hole_days as (
    select
        chain,
        assumeNotNull(began_at) as began_at,
        greatest(ended_at - began_at, 1) as hole_seconds,
        toInt64(block_number) - assumeNotNull(number_before) - 1 as hole_count,
        arrayJoin(
            range(
                intDiv(assumeNotNull(steps.began_at), 86400),
                toUInt64(intDiv(ended_at, 86400) + 1)
            )
        ) as day_number
    from steps
    where block_number > number_before + 1
),

-- Nobody knows the times of blocks that are not there: they are laid evenly between neighbours.
holes as (
    select
        chain,
        toDate('1970-01-01') + day_number as block_date,
        arrayJoin(['blocks', 'transactions', 'logs', 'withdrawals']) as dataset,
        arrayMap(
            instant -> least(
                toFloat64(hole_count),
                greatest(0, ceil((instant - began_at) * (hole_count + 1) / hole_seconds) - 1)
            ),
            [day_number * 86400, (day_number + 1) * 86400]
        ) as laid_before,
        toUInt64(laid_before[2] - laid_before[1]) as missing_count
    from hole_days
),

chain_days as (
    select
        pointers.chain as chain,
        pointers.block_date as block_date,
        any(chains.native_asset) as native_asset
    from {{ ref('stg_meta__canonical_blocks') }} as pointers
    inner join {{ ref('ref_chains') }} as chains on pointers.chain = chains.chain
    group by pointers.chain, pointers.block_date
),

observed_hours as (
    select asset, price_date, toStartOfHour(observed_at) as hour, uniqExact(source) as source_count
    from {{ ref('stg_prices__spot') }}
    group by asset, price_date, hour
),

-- Hours of the chain's own coin: what values in USD rest on first of all.
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
),

built as (
    select
        splitByChar('.', model)[1] as layer,
        splitByChar('.', model)[2] as name,
        block_date,
        began_at,
        built_at
    from {{ ref('stg_meta__built_days') }}
),

-- Marts of which each day is built by itself, and what they are made of.
mart_sources as (
    select
        tupleElement(pair, 1) as mart,
        tupleElement(pair, 2) as source
    from
        (
            select
                arrayJoin([
                    ('network_metrics_daily', 'blocks'),
                    ('network_metrics_hourly', 'blocks'),
                    ('token_metrics_daily', 'erc20_transfers'),
                    ('address_flows_daily', 'erc20_transfers'),
                    ('address_token_flows_daily', 'erc20_transfers')
                ]) as pair
        ) as pairs
),

-- Of all chains: built since their source was, waiting for their turn, or never built.
mart_days as (
    select
        sources.block_date as block_date,
        countIf(marts.began_at >= sources.built_at) as current_count,
        countIf(marts.name != '' and marts.began_at < sources.built_at) as waiting_count,
        count() - current_count - waiting_count as unbuilt_count
    from mart_sources
    inner join (select * from built where layer = 'curated') as sources
        on mart_sources.source = sources.name
    left join (select * from built where layer = 'marts') as marts
        on mart_sources.mart = marts.name and sources.block_date = marts.block_date
    group by sources.block_date
),

counted as (
    select
        chain,
        block_date,
        dataset,
        countIf(state = 'proven') as proven_count,
        countIf(state = 'partial') as partial_count,
        countIf(state = 'broken') as broken_count,
        countIf(state = 'missing') as missing_count,
        countIf(isNotNull(verified_at)) as verified_count,
        maxOrNull(verified_at) as last_verified_at
    from each_state
    group by chain, block_date, dataset
    union all
    select
        chain, block_date, dataset, 0 as proven_count, 0 as partial_count, 0 as broken_count,
        holes.missing_count as missing_count, 0 as verified_count, null as last_verified_at
    from holes
    where holes.missing_count > 0
    union all
    select
        chain, block_date, 'prices' as dataset, agreed_count as proven_count,
        lone_count as partial_count, 0 as broken_count,
        toUInt64(
            greatest(0, toInt64(hour_count) - toInt64(agreed_count + lone_count))
        ) as missing_count,
        0 as verified_count, null as last_verified_at
    from priced
    union all
    select
        chain_days.chain, chain_days.block_date, 'marts' as dataset,
        mart_days.current_count as proven_count, mart_days.waiting_count as partial_count,
        0 as broken_count, toUInt64(mart_days.unbuilt_count) as missing_count,
        0 as verified_count, null as last_verified_at
    from chain_days
    inner join mart_days on chain_days.block_date = mart_days.block_date
)

select
    block_date,
    chain,
    dataset,
    multiIf(
        sum(counted.broken_count) > 0, 'broken', sum(counted.missing_count) > 0, 'missing',
        sum(counted.partial_count) > 0, 'partial', 'proven'
    ) as status,
    sum(counted.proven_count) as proven_count,
    sum(counted.partial_count) as partial_count,
    sum(counted.broken_count) as broken_count,
    sum(counted.missing_count) as missing_count,
    sum(counted.verified_count) as verified_count,
    max(counted.last_verified_at) as last_verified_at
from counted
group by block_date, chain, dataset
