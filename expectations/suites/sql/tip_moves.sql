-- Nothing is missing, and yet the newest block is old: the chain or all of its endpoints stand still.
select
    pointers.chain as chain,
    newest_block,
    newest_block_at,
    dateDiff('second', newest_block_at, :now) as age_seconds,
    :allowed_lag_by_chain[toString(pointers.chain)] as allowed_seconds
from
(
    select chain, max(block_number) as newest_block, max(block_timestamp) as newest_block_at
    from {batch}
    where has(:followed, toString(chain))
    group by chain
) as pointers
inner join (select * from meta.chain_tips final) as tips on pointers.chain = tips.chain
where newest_block >= tips.block_number and age_seconds > allowed_seconds
