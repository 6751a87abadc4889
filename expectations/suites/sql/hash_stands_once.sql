select chain, block_hash, groupArray(block_number) as heights
from
(
    select chain, block_number, argMax(block_hash, version) as block_hash
    from {batch}
    group by chain, block_number
)
group by chain, block_hash
having count() > 1
