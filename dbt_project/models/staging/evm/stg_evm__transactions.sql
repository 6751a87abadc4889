-- grain: one transaction of a canonical block, with its receipt
select
    transactions.chain as chain,
    transactions.block_number as block_number,
    transactions.tx_index as tx_index,
    transactions.block_hash as block_hash,
    transactions.tx_hash as tx_hash,
    transactions.block_timestamp as block_timestamp,
    toDate(transactions.block_timestamp) as block_date,
    transactions.nonce as nonce,
    transactions.from_address as from_address,
    transactions.to_address as to_address,
    transactions.created_contract_address as created_contract_address,
    transactions.tx_type as tx_type,
    transactions.value_raw as value_raw,
    transactions.gas_limit as gas_limit,
    transactions.gas_used as gas_used,
    transactions.gas_price_wei as gas_price_wei,
    transactions.effective_gas_price_wei as effective_gas_price_wei,
    transactions.blob_gas_used as blob_gas_used,
    transactions.blob_gas_price_wei as blob_gas_price_wei,
    transactions.l1_fee_wei as l1_fee_wei,
    transactions.is_success as is_success,
    pointers.finality as finality,
    transactions.ingested_at as ingested_at
from {{ source('raw', 'transactions') }} as transactions final
inner join {{ source('meta', 'canonical_blocks') }} as pointers final
    using (chain, block_number, block_hash)
