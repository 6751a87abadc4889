-- Tokens of some chains by how often they moved: logs with the Transfer topic and exactly three
-- topics (ERC-20).
select chain, toString(address) as token_address, count() as transfer_count
from raw.logs
where
    chain in {chains:Array(String)}
    and topic0 = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'
    and topic2 is not null
    and topic3 is null
group by chain, token_address
order by transfer_count desc, chain, token_address
