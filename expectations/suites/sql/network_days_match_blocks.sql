-- What landed since the build is left to the next one, which is never a day away.
with

moved as (
    select chain, day
    from
    (
        select
            toString(chain) as chain,
            toDate(block_timestamp) as day,
            sum(cityHash64(block_number, block_hash, finality)) as version,
            max(committed_at) as moved_at
        from meta.canonical_blocks final
        group by chain, day
        union all
        select toString(chain) as chain, block_date as day, pointer_version as version,
            toDateTime64(0, 3, 'UTC') as moved_at
        from curated.block_days
    )
    group by chain, day
    having
        (count() != 2 or min(version) != max(version))
        and max(moved_at) > now64(3, 'UTC') - interval 26 hour
)

select
    coalesce(nullIf(built.chain, ''), landed.chain) as chain_name,
    greatest(ifNull(built.block_date, toDate(0)), ifNull(landed.block_date, toDate(0))) as day,
    built.block_count as block_count,
    landed.blocks as canonical_blocks,
    built.tx_count as tx_count,
    landed.transactions as proven_transactions
from
(
    select toString(chain) as chain, block_date, block_count, tx_count from {batch}
    where (toString(chain), block_date) not in moved and not :waits_for(curated.blocks)
) as built
full join
(
    select
        toString(blocks.chain) as chain,
        toDate(blocks.block_timestamp) as block_date,
        count() as blocks,
        sum(blocks.transaction_count) as transactions
    from (select * from raw.blocks final) as blocks
    inner join (select chain, block_number, block_hash from meta.canonical_blocks final) as pointers
        using (chain, block_number, block_hash)
    group by chain, block_date
    having (chain, block_date) not in moved and not :waits_for(curated.blocks)
) as landed on built.chain = landed.chain and built.block_date = landed.block_date
where
    ifNull(built.block_count, 0) != ifNull(landed.blocks, 0)
    or ifNull(built.tx_count, 0) != ifNull(landed.transactions, 0)
