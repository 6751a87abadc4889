-- Tokens whose raw Transfer logs and curated transfers do not add up to the same change of supply.
-- Only days that were modelled from the blocks that are canonical now. Sums are modulo 2^256.
with
    '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef' as transfer_topic,
    concat('0x', repeat('0', 40)) as nobody,
    days as (
        select day
        from (
            select
                toDate(block_timestamp) as day,
                count() as block_count,
                groupBitXor(cityHash64(block_hash)) as hashes
            from meta.canonical_blocks final
            where chain = {chain:String}
            group by day
        ) as pointed
        inner join (
            select
                block_date as day,
                count() as block_count,
                groupBitXor(cityHash64(block_hash)) as hashes
            from curated.blocks
            where chain = {chain:String}
            group by day
        ) as modelled using (day, block_count, hashes)
    ),
    landed as (
        select
            toString(address) as token,
            count() as landed_count,
            sum(amount) as landed_sum,
            sumIf(amount, topic1 = concat('0x', repeat('0', 64))) as minted,
            sumIf(amount, topic2 = concat('0x', repeat('0', 64))) as burned
        from (
            select
                address, topic1, topic2,
                reinterpretAsUInt256(reverse(unhex(substring(data, 3)))) as amount
            from raw.logs final
            where
                chain = {chain:String}
                and block_number >= {start:UInt64} and block_number < {end:UInt64}
                and topic0 = transfer_topic and isNotNull(topic2) and isNull(topic3)
                and length(data) = 66
                and startsWith(assumeNotNull(topic1), concat('0x', repeat('0', 24)))
                and startsWith(assumeNotNull(topic2), concat('0x', repeat('0', 24)))
                and toDate(block_timestamp) in (select day from days)
                and (block_number, block_hash) in (
                    select block_number, block_hash from meta.canonical_blocks final
                    where chain = {chain:String}
                )
        )
        group by token
    ),
    modelled as (
        select
            toString(token_address) as token,
            count() as modelled_count,
            sum(amount_raw) as modelled_sum,
            sumIf(amount_raw, to_address != nobody) as received,
            sumIf(amount_raw, from_address != nobody) as sent
        from curated.erc20_transfers
        where
            chain = {chain:String}
            and block_number >= {start:UInt64} and block_number < {end:UInt64}
            and transfer_type in ('transfer', 'mint', 'burn')
            and block_date in (select day from days)
        group by token
    )

select
    coalesce(landed.token, modelled.token) as token_address,
    coalesce(landed_count, 0) as log_count,
    coalesce(modelled_count, 0) as transfer_count
from landed
full outer join modelled on landed.token = modelled.token
where
    coalesce(landed_count, 0) != coalesce(modelled_count, 0)
    or coalesce(landed_sum, 0) != coalesce(modelled_sum, 0)
    -- What holders received beyond what they sent is what was minted beyond what was burned.
    or toUInt256(coalesce(minted, 0) + coalesce(sent, 0))
    != toUInt256(coalesce(burned, 0) + coalesce(received, 0))
order by token_address
