-- grain: one thing that should keep coming: blocks of a chain, prices of a source, a step
with

blocks as (
    select
        'blocks' as kind,
        toString(pointers.chain) as name,
        toDateTime64(max(block_timestamp), 3, 'UTC') as last_at,
        -- Without a tip 0 or NULL, by the reader's join_use_nulls.
        toInt64(coalesce(max(tips.block_number), 0)) as tip_block_number,
        tip_block_number - toInt64(max(pointers.block_number)) as blocks_behind,
        concat(
            'block ', toString(max(pointers.block_number)), ', final up to ',
            coalesce(toString(maxOrNullIf(pointers.block_number, finality = 'finalized')), 'none'),
            if(blocks_behind > 0, concat(', ', toString(blocks_behind), ' behind the tip'), '')
        ) as details
    from {{ ref('stg_meta__canonical_blocks') }} as pointers
    left join {{ ref('stg_meta__chain_tips') }} as tips on pointers.chain = tips.chain
    group by pointers.chain
),

prices as (
    select
        'prices' as kind,
        toString(source) as name,
        max(observed_at) as last_at,
        concat(toString(uniqExact(asset)), ' assets') as details
    from {{ ref('stg_prices__spot') }}
    group by source
),

steps as (
    select
        'step' as kind,
        if(chain = '', toString(step), concat(toString(step), ' ', toString(chain))) as name,
        maxOrNullIf(finished_at, status in ('done', 'degraded')) as last_at,
        concat('last run ', argMax(toString(status), started_at)) as details
    from {{ ref('stg_meta__pipeline_runs') }}
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
