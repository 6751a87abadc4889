-- grain: one canonical block
select
    blocks.chain as chain,
    blocks.block_number as block_number,
    blocks.block_hash as block_hash,
    blocks.parent_hash as parent_hash,
    blocks.block_timestamp as block_timestamp,
    toDate(blocks.block_timestamp) as block_date,
    blocks.miner_address as miner_address,
    blocks.gas_limit as gas_limit,
    blocks.gas_used as gas_used,
    blocks.base_fee_per_gas_wei as base_fee_per_gas_wei,
    blocks.blob_gas_used as blob_gas_used,
    blocks.excess_blob_gas as excess_blob_gas,
    blocks.size as size,
    blocks.transaction_count as transaction_count,
    blocks.log_count as log_count,
    blocks.withdrawals_root as withdrawals_root,
    blocks.withdrawal_count as withdrawal_count,
    blocks.proof as proof,
    blocks.source as source,
    pointers.finality as finality,
    blocks.ingested_at as ingested_at
from {{ source('raw', 'blocks') }} as blocks final
inner join {{ source('meta', 'canonical_blocks') }} as pointers final
    using (chain, block_number, block_hash)
