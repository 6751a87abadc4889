select chain, block_date, failed_tx_ratio, proven_ratio, fees_total_eth, block_time_min_seconds
from {batch}
where
    not (proven_ratio between 0 and 1)
    or ifNull(failed_tx_ratio, 0) not between 0 and 1
    or fees_total_eth < 0
    or ifNull(block_time_min_seconds, 0) < 0
