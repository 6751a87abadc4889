-- grain: one snapshot of what a token contract says of itself
select
    chain,
    token_address,
    block_number,
    nullIf(token_metadata.symbol, '') as symbol,
    nullIf(token_metadata.name, '') as name,
    decimals,
    total_supply_raw,
    decode_status,
    source,
    ingested_at
from {{ source('raw', 'token_metadata') }} as token_metadata final
