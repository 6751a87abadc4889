-- A NULL count (nothing was proven) is unequal to nothing, so such blocks pass.
select
    blocks.chain as chain,
    blocks.block_number as block_number,
    blocks.proven as proven_count,
    ifNull(landed.found, 0) as found_count
from
(
    select chain, block_number, block_hash, any(:proven_column) as proven
    from raw.blocks
    inner join
    (
        select chain, block_number, block_hash from meta.canonical_blocks final
        where committed_at >= :since
    ) as pointers
        using (chain, block_number, block_hash)
    group by chain, block_number, block_hash
) as blocks
left join
(
    select chain, block_number, block_hash, uniqExact(:index_column) as found
    from {batch}
    where (chain, block_number) in
    (
        select chain, block_number from meta.canonical_blocks where committed_at >= :since
    )
    group by chain, block_number, block_hash
) as landed using (chain, block_number, block_hash)
where proven_count != found_count
