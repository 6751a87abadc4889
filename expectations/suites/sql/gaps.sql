select
    chain,
    min(block_number) as first_block,
    max(block_number) as last_block,
    last_block - first_block + 1 - uniqExact(block_number) as missing_blocks
from {batch}
group by chain
having missing_blocks > 0
