-- Canonical blocks that `oracul verify` found broken when it last looked at them.
select
    toString(verified.chain) as chain_name,
    count() as broken_count,
    min(verified.block_number) as first_block,
    max(verified.block_number) as last_block
from
(
    select chain, block_number, block_hash
    from meta.verified_blocks final
    where notEmpty(faults)
) as verified
inner join
(
    select chain, block_number, block_hash
    from meta.canonical_blocks final
    where (chain, block_number) in (
        select chain, block_number from meta.verified_blocks final where notEmpty(faults)
    )
) as canonical
    on verified.chain = canonical.chain
    and verified.block_number = canonical.block_number
    and verified.block_hash = canonical.block_hash
group by verified.chain
order by chain_name
