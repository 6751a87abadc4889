select chain, block_number, log_index
from {batch}
where
    ingested_at >= :since
    and (
        (isNull(topic0) and isNotNull(topic1))
        or (isNull(topic1) and isNotNull(topic2))
        or (isNull(topic2) and isNotNull(topic3))
    )
