select chain, block_number, parent_hash, hash_before, block_timestamp, timestamp_before
from
(
    select
        chain, block_number, parent_hash, block_timestamp,
        lagInFrame(block_number) over by_height as number_before,
        lagInFrame(block_hash) over by_height as hash_before,
        lagInFrame(block_timestamp) over by_height as timestamp_before
    from
    (
        select
            chain,
            block_number,
            argMax(block_hash, version) as block_hash,
            argMax(parent_hash, version) as parent_hash,
            argMax(block_timestamp, version) as block_timestamp
        from {batch}
        group by chain, block_number
    )
    window by_height as (
        partition by chain order by block_number rows between 1 preceding and current row
    )
)
where
    block_number = number_before + 1 and hash_before != ''
    and (parent_hash != hash_before or block_timestamp < timestamp_before)
