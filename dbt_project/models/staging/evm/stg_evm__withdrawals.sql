-- grain: one validator withdrawal of a canonical block
select
    withdrawals.chain as chain,
    withdrawals.block_number as block_number,
    withdrawals.withdrawal_index as withdrawal_index,
    withdrawals.block_hash as block_hash,
    withdrawals.block_timestamp as block_timestamp,
    toDate(withdrawals.block_timestamp) as block_date,
    withdrawals.validator_index as validator_index,
    withdrawals.address as address,
    withdrawals.amount_gwei as amount_gwei,
    pointers.finality as finality
from {{ source('raw', 'withdrawals') }} as withdrawals final
inner join {{ source('meta', 'canonical_blocks') }} as pointers final
    using (chain, block_number, block_hash)
