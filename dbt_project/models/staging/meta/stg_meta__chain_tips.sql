-- grain: one chain whose endpoints were asked
select
    chain,
    block_number,
    safe as safe_block_number,
    finalized as finalized_block_number,
    seen_at
from {{ source('meta', 'chain_tips') }} final
