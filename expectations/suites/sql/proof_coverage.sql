select
    blocks.chain as chain,
    uniqExact(blocks.block_number) as canonical_blocks,
    uniqExactIf(
        blocks.block_number, hasAll(blocks.proof, ['header', 'transactions', 'receipts'])
    ) as proven_blocks
from {batch} as blocks
inner join (select chain, block_number, block_hash from meta.canonical_blocks final) as pointers
    using (chain, block_number, block_hash)
group by chain
having proven_blocks < 0.99 * canonical_blocks
