-- grain: one canonical log with the Transfer topic that is neither ERC-20 nor ERC-721
{{ config(order_by='(chain, block_number, log_index)') }}

with

logs as (
    select
        *,
        1 + isNotNull(topic1) + isNotNull(topic2) + isNotNull(topic3) as topic_count,
        intDiv(length(data) - 2, 2) as data_bytes,
        {{ is_address_topic('topic1') }} and {{ is_address_topic('topic2') }} as has_addresses
    from {{ ref('stg_evm__logs') }}
    where {{ in_days(['pointers'], by_block=true) }} and topic0 = {{ transfer_topic() }}
),

judged as (
    select
        *,
        multiIf(
            topic_count = 3 and data_bytes = 32 and has_addresses, null,
            topic_count = 4 and data_bytes = 0 and has_addresses, null,
            topic_count = 1, 'unindexed',
            topic_count = 2, 'one_indexed',
            topic_count = 4 and data_bytes > 0, 'nft_with_data',
            topic_count = 3 and data_bytes != 32, 'data_not_32_bytes',
            'dirty_address'
        ) as reason
    from logs
)

select
    chain,
    block_number,
    log_index,
    tx_hash,
    tx_index,
    block_timestamp,
    block_date,
    address as token_address,
    toLowCardinality(assumeNotNull(judged.reason)) as reason,
    toUInt8(topic_count) as topic_count,
    toUInt32(data_bytes) as data_bytes,
    topic1,
    topic2,
    topic3,
    data,
    finality
from judged
where isNotNull(judged.reason)
