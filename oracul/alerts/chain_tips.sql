-- The newest canonical block of each chain that is followed.
select toString(chain) as chain_name, max(block_number), argMax(block_timestamp, block_number)
from meta.canonical_blocks
where has({followed:Array(String)}, toString(chain))
group by chain
order by chain_name
