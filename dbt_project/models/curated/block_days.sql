-- grain: one chain and UTC day that has canonical blocks
-- What the by_day models compare with to see which days changed; also the coverage at a glance.
{{ config(materialized='table', order_by='(chain, block_date)', partition_by=none) }}

select
    chain,
    block_date,
    count() as block_count,
    min(block_number) as first_block_number,
    max(block_number) as last_block_number,
    min(block_timestamp) as first_block_timestamp,
    max(block_timestamp) as last_block_timestamp,
    maxOrNullIf(block_number, pointers.finality = 'finalized') as last_final_block_number,
    max(committed_at) as last_committed_at,
    {{ weakest_finality('pointers.finality') }} as finality,
    sum(cityHash64(
        pointers.block_number, pointers.block_hash, pointers.finality
    )) as pointer_version
from {{ ref('stg_meta__canonical_blocks') }} as pointers
group by chain, block_date
