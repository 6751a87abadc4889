-- Missing block numbers of a chain, from a block on. Following fills them from the newest down, so a gap
-- counts once the block above it has been there for a while and the gap still is.
select
    toString(chain) as chain_name,
    sum(block_number - previous - 1) as missing_count,
    count() as gap_count,
    max(block_number) - 1 as newest_missing
from
(
    select
        chain,
        block_number,
        committed_at,
        lagInFrame(toNullable(block_number)) over (
            partition by chain order by block_number
            rows between 1 preceding and current row
        ) as previous
    from meta.canonical_blocks
    where chain = {chain:String} and block_number >= {first:UInt64}
)
where block_number > previous + 1 and committed_at < {filled_by:DateTime64(3)}
group by chain
