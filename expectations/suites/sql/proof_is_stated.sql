select blocks.chain as chain, blocks.block_number as block_number, blocks.source as source
from {batch} as blocks
inner join (select chain, block_number, block_hash from meta.canonical_blocks final) as pointers
    using (chain, block_number, block_hash)
where empty(blocks.proof)
