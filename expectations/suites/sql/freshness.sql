-- A chain that stands still is not late: what counts is the tip that its endpoints named, and when.
with

pointers as (
    select chain, max(block_number) as newest_block, max(block_timestamp) as newest_block_at
    from {batch}
    where has(:followed, toString(chain))
    group by chain
)

select
    pointers.chain as chain,
    newest_block,
    tips.block_number as tip_block,
    tips.seen_at as tip_seen_at,
    if(
        tips.chain = '',
        dateDiff('second', newest_block_at, :now),
        greatest(dateDiff('second', tip_seen_at, :now), 0)
        + greatest(toInt64(tip_block) - toInt64(newest_block), 0) * :block_seconds_by_chain[toString(pointers.chain)]
    ) as lag_seconds,
    :allowed_lag_by_chain[toString(pointers.chain)] as allowed_seconds
from pointers
left join (select * from meta.chain_tips final) as tips on pointers.chain = tips.chain
where lag_seconds > allowed_seconds
settings join_use_nulls = 0
