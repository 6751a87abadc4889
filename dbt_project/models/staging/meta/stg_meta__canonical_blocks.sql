-- grain: one height of a chain, with the block that counts there
select
    chain,
    block_number,
    block_hash,
    parent_hash,
    block_timestamp,
    toDate(block_timestamp) as block_date,
    finality,
    committed_at
from {{ source('meta', 'canonical_blocks') }} final
