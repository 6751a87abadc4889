-- grain: one thing that should keep coming: blocks of a chain, prices of a source, a step
with

blocks as (
    select
        'blocks' as kind,
        toString(chain) as name,
        toDateTime64(max(block_timestamp), 3, 'UTC') as last_at,
        concat(
            'block ', toString(max(block_number)), ', final up to ',
            coalesce(toString(maxOrNullIf(block_number, finality = 'finalized')), 'none yet')
        ) as details
    from {{ ref('stg_meta__canonical_blocks') }}
    group by chain
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
    select * from blocks
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
