-- grain: one canonical ERC-721 Transfer log
{{ config(order_by='(chain, block_number, log_index)') }}

select
    chain,
    block_number,
    log_index,
    tx_hash,
    tx_index,
    block_timestamp,
    block_date,
    address as token_address,
    {{ topic_to_address('topic1') }} as from_address,
    {{ topic_to_address('topic2') }} as to_address,
    toLowCardinality(multiIf(
        from_address = {{ zero_address() }}, 'mint',
        to_address = {{ zero_address() }}, 'burn',
        'transfer'
    )) as transfer_type,
    assumeNotNull({{ hex_to_uint256('topic3') }}) as token_id,
    cast(from_address = to_address, 'Bool') as is_self_transfer,
    finality
from {{ ref('stg_evm__logs') }}
where
    {{ in_days(['pointers'], by_block=true) }}
    and topic0 = {{ transfer_topic() }}
    and isNotNull(topic3)
    and data = '0x'
    and {{ is_address_topic('topic1') }}
    and {{ is_address_topic('topic2') }}
