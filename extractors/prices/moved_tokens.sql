-- Tokens of some chains by how often they moved in [start, end): canonical logs with the Transfer
-- topic and exactly three topics (ERC-20).
select toString(chain) as chain_name, toString(address) as token_address, count() as transfer_count
from raw.logs
where
    chain in {chains:Array(String)}
    and block_timestamp >= {start:DateTime('UTC')}
    and block_timestamp < {end:DateTime('UTC')}
    and topic0 = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'
    and topic2 is not null
    and topic3 is null
    and (chain, block_number, block_hash) in (
        select chain, block_number, block_hash from meta.canonical_blocks final
        where
            chain in {chains:Array(String)}
            and block_timestamp >= {start:DateTime('UTC')}
            and block_timestamp < {end:DateTime('UTC')}
    )
group by chain_name, token_address
order by transfer_count desc, chain_name, token_address
