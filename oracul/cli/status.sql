with
pointers as (
    select
        chain,
        count() as block_count,
        min(block_number) as first_block,
        max(block_number) as last_block,
        countIf(finality = 'finalized') as finalized_count,
        max(block_timestamp) as last_block_timestamp
    from meta.canonical_blocks final
    group by chain
),

proofs as (
    select
        canonical.chain as chain,
        countIf(hasAll(blocks.proof, ['header', 'transactions', 'receipts'])) as proven_count
    from (select chain, block_number, block_hash from meta.canonical_blocks final) as canonical
    inner join (select chain, block_number, block_hash, any(proof) as proof
                from raw.blocks group by chain, block_number, block_hash) as blocks
        on canonical.chain = blocks.chain
        and canonical.block_number = blocks.block_number
        and canonical.block_hash = blocks.block_hash
    group by canonical.chain
)

select
    pointers.chain as chain,
    block_count,
    first_block,
    last_block,
    last_block - first_block + 1 - block_count as gap_count,
    proven_count / nullIf(block_count, 0) as proven_ratio,
    finalized_count / nullIf(block_count, 0) as finalized_ratio,
    last_block_timestamp
from pointers
left join proofs on pointers.chain = proofs.chain
order by chain
