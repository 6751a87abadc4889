-- grain: one event log of a canonical block
select
    logs.chain as chain,
    logs.block_number as block_number,
    logs.log_index as log_index,
    logs.block_hash as block_hash,
    logs.tx_hash as tx_hash,
    logs.tx_index as tx_index,
    logs.block_timestamp as block_timestamp,
    toDate(logs.block_timestamp) as block_date,
    logs.address as address,
    logs.topic0 as topic0,
    logs.topic1 as topic1,
    logs.topic2 as topic2,
    logs.topic3 as topic3,
    logs.data as data,
    pointers.finality as finality
from {{ source('raw', 'logs') }} as logs final
inner join {{ source('meta', 'canonical_blocks') }} as pointers final
    using (chain, block_number, block_hash)
