select chain, block_number, block_timestamp
from {batch}
where block_timestamp > :now + interval 1 hour
