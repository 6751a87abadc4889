-- grain: one thing that should keep coming: blocks of a chain, prices of a source, a step
with

-- All pointers would be too many: those of before are counted by day, and the others are found by
-- when they were committed, with an hour for writers whose clocks differ.
newest_blocks as (
    select
        chain,
        max(last_block_number) as block_number,
        max(last_block_timestamp) as last_block_at,
        max(last_final_block_number) as final_block_number
    from {{ ref('block_days') }}
    group by chain
    union all
    select
        chain,
        max(pointers.block_number) as block_number,
        max(block_timestamp) as last_block_at,
        maxOrNullIf(pointers.block_number, finality = 'finalized') as final_block_number
    from {{ ref('stg_meta__canonical_blocks') }} as pointers
    where
        committed_at > (
            select least(max(last_committed_at), now64(3, 'UTC')) - interval 1 hour
            from {{ ref('block_days') }}
        )
    group by chain
),

blocks as (
    select
        'blocks' as kind,
        toString(newest_blocks.chain) as name,
        toDateTime64(max(last_block_at), 3, 'UTC') as last_at,
        -- Without a tip 0 or NULL, by the reader's join_use_nulls.
        toInt64(coalesce(max(tips.block_number), 0)) as tip_block_number,
        tip_block_number - toInt64(max(newest_blocks.block_number)) as blocks_behind,
        concat(
            'block ', toString(max(newest_blocks.block_number)), ', final up to ',
            coalesce(toString(max(final_block_number)), 'none'),
            if(blocks_behind > 0, concat(', ', toString(blocks_behind), ' behind the tip'), '')
        ) as details
    from newest_blocks
    left join {{ ref('stg_meta__chain_tips') }} as tips on newest_blocks.chain = tips.chain
    group by newest_blocks.chain
),

-- A source that was silent in all of the newest week of prices is given up.
prices as (
    select
        'prices' as kind,
        toString(source) as name,
        max(observed_at) as last_at,
        concat(toString(uniqExact(asset)), ' assets') as details
    from {{ ref('stg_prices__spot') }}
    where
        price_date >= (
            select toDate32(max(last_observed_date)) - 7 from {{ ref('asset_price_days') }}
        )
    group by source
),

-- Ids of runs begin with their time, and runs are sorted by them: years of runs are not read.
steps as (
    select
        'step' as kind,
        if(chain = '', toString(step), concat(toString(step), ' ', toString(chain))) as name,
        maxOrNullIf(finished_at, status in ('done', 'degraded')) as last_at,
        concat('last run ', argMax(toString(status), started_at)) as details
    from {{ ref('stg_meta__pipeline_runs') }}
    where run_id >= formatDateTime(now('UTC') - interval 35 day, '%Y%m%dT%H%i%S')
    group by step, chain
),

things as (
    select kind, name, last_at, details from blocks
    union all
    select * from prices
    union all
    select * from steps
)

select
    kind,
    name,
    toNullable(last_at) as last_at,
    if(isNull(last_at), null, dateDiff('second', last_at, now64(3, 'UTC'))) as age_seconds,
    coalesce(details, '') as details
from things
