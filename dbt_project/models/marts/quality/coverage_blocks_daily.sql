-- grain: one kind of raw rows of a chain and UTC day, in blocks
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
)

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
from counted
group by block_date, chain, dataset
