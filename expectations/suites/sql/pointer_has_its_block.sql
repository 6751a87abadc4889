select
    pointers.chain as chain,
    pointers.block_number as block_number,
    pointers.block_hash as block_hash
from
(
    select chain, block_number, argMax(block_hash, version) as block_hash
    from {batch}
    group by chain, block_number
) as pointers
left anti join raw.blocks as blocks using (chain, block_number, block_hash)
