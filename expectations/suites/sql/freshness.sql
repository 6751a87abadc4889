select
    chain,
    max(block_timestamp) as newest_block_at,
    dateDiff('second', newest_block_at, :now) as lag_seconds,
    :allowed_lag_by_chain[toString(chain)] as allowed_seconds
from {batch}
where has(:followed, toString(chain))
group by chain
having lag_seconds > allowed_seconds
