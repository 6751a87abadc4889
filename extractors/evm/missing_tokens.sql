-- ERC-20 contracts in canonical logs of a chain (Transfer with exactly three topics) that landed since
-- an instant and were never asked what they are, most transferred first.
select toString(address) as token_address, count() as transfer_count
from raw.logs
where
    chain = {chain:String}
    and topic0 = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'
    and topic2 is not null
    and topic3 is null
    and ingested_at >= {since:DateTime64(3, 'UTC')}
    and address not in (
        select token_address from raw.token_metadata where chain = {chain:String}
    )
    and (block_number, block_hash) in (
        select block_number, block_hash
        from meta.canonical_blocks final
        where
            chain = {chain:String}
            -- Of millions of pointers only those at heights where something landed.
            and block_number in (
                select block_number from raw.logs
                where chain = {chain:String} and ingested_at >= {since:DateTime64(3, 'UTC')}
            )
    )
group by token_address
order by transfer_count desc, token_address
