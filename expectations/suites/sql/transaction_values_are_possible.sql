select chain, block_number, tx_hash, gas_used, gas_limit, to_address, created_contract_address
from {batch}
where
    ingested_at >= :since
    -- A creation that failed made none.
    and (gas_used > gas_limit or (isNull(to_address) and isNull(created_contract_address) and is_success))
