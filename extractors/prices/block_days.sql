-- Days that hold canonical blocks, on any chain.
select distinct toDate(block_timestamp) as block_date
from meta.canonical_blocks
order by block_date
