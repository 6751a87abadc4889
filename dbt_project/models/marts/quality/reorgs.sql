-- grain: one change of branch
select
    toDate(detected_at) as detected_date,
    chain,
    fork_block_number,
    depth,
    old_head_hash,
    new_head_hash,
    outcome,
    cast(outcome = 'halted', 'Bool') as is_below_finality,
    detected_at,
    old_version
from {{ ref('stg_meta__reorgs') }}
