-- Days that hold canonical blocks, by chain, on the chains named; on every chain when none is.
select distinct toString(chain) as chain_name, toDate(block_timestamp) as block_date
from meta.canonical_blocks
where empty({chains:Array(String)}) or chain in {chains:Array(String)}
order by chain_name, block_date
