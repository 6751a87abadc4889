-- grain: one block that was verified, with what was found last
select
    chain,
    block_number,
    block_hash,
    toString(blocks) as blocks_state,
    toString(transactions) as transactions_state,
    toString(logs) as logs_state,
    toString(withdrawals) as withdrawals_state,
    faults,
    run_id,
    verified_at
from {{ source('meta', 'verified_blocks') }} final
