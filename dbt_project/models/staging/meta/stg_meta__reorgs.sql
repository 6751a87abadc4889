-- grain: one change of branch
select
    chain,
    fork_block_number,
    depth,
    old_head_hash,
    new_head_hash,
    old_version,
    outcome,
    detected_at
from {{ source('meta', 'reorgs') }} final
