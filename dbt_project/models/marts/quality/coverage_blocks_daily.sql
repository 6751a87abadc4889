-- grain: one kind of raw rows of a chain and UTC day, in blocks
-- As of now. coverage_built_daily is as of the last build, and reads no pointers.
with

states as (
    {{ block_states(is_by_day=false) }}
),

days as (
    select
        chain,
        block_date,
        count() as block_count,
        min(block_number) as first_block_number,
        max(block_number) as last_block_number,
        min(block_timestamp) as first_block_timestamp,
        max(block_timestamp) as last_block_timestamp
    from {{ ref('stg_meta__canonical_blocks') }}
    group by chain, block_date
)

{{ block_coverage('states', 'days') }}
