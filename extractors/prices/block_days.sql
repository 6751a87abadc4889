-- Days that hold canonical blocks, on the chains named; on any chain when none is.
select distinct toDate(block_timestamp) as block_date
from meta.canonical_blocks
where empty({chains:Array(String)}) or chain in {chains:Array(String)}
order by block_date
