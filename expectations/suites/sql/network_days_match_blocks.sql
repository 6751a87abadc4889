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
) as landed on built.chain = landed.chain and built.block_date = landed.block_date
where
    ifNull(built.block_count, 0) != ifNull(landed.blocks, 0)
    or ifNull(built.tx_count, 0) != ifNull(landed.transactions, 0)
