-- The tokens with most Transfer logs of these blocks, and what they minted and burned (modulo 2^256).
with concat('0x', repeat('0', 64)) as nobody
select
    toString(address) as token,
    toString(sumIf(amount, topic1 = nobody)) as minted,
    toString(sumIf(amount, topic2 = nobody)) as burned
from (
    select
        address, topic1, topic2,
        reinterpretAsUInt256(reverse(unhex(substring(data, 3)))) as amount
    from raw.logs final
    where
        chain = {chain:String}
        and block_number between {low:UInt64} and {high:UInt64}
        and topic0 = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'
        and isNotNull(topic2) and isNull(topic3) and length(data) = 66
        and (block_number, block_hash) in (
            select block_number, block_hash from meta.canonical_blocks final
            where chain = {chain:String} and block_number between {low:UInt64} and {high:UInt64}
        )
) as transfers
group by token
order by count() desc, token
limit {tokens:UInt8}
