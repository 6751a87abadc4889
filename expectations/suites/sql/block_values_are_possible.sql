select chain, block_number, block_hash, block_timestamp, gas_used, gas_limit
from {batch}
where
    gas_used > gas_limit
    or (block_number > 0 and block_timestamp < toDateTime('2015-07-30', 'UTC'))
