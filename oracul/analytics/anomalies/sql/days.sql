-- One row a chain and day that has canonical blocks: is the day whole?
select
    chain,
    toDate(block_timestamp) as day,
    min(block_number) as first_block,
    max(block_number) as last_block,
    uniqExact(block_number) as blocks
from meta.canonical_blocks final
where block_timestamp >= {first:Date} and block_timestamp < {end:Date}
group by chain, day
order by chain, day
