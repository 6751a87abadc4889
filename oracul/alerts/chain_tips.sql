-- The newest canonical block of a chain.
select toString(chain) as chain_name, block_number, block_timestamp
from meta.canonical_blocks
where chain = {chain:String}
order by block_number desc, version desc
limit 1
