-- grain: one canonical ERC-20 Transfer log, or one wrap or unwrap of a wrapped native coin
{{ config(order_by='(chain, block_number, log_index)') }}

with

logs as (
    select *
    from {{ ref('stg_evm__logs') }}
    where
        {{ in_days(['pointers', 'token_labels', 'prices'], by_block=true) }}
        and topic0 in {{ token_topics() }}
        and isNull(topic3)
        and length(data) = 66
        and {{ is_address_topic('topic1') }}
),

tokens as (
    select *
    from {{ ref('tokens') }}
    where (chain, token_address) in (
        select chain, token_address from {{ ref('token_days') }} where {{ in_days() }}
    )
),

decoded as (
    select
        * except (address, data),
        address as token_address,
        multiIf(
            topic0 = {{ wrap_topic() }}, 'wrap', topic0 = {{ unwrap_topic() }}, 'unwrap', 'transfer'
        ) as kind,
        if(kind = 'wrap', {{ zero_address() }}, {{ topic_to_address('topic1') }}) as from_address,
        multiIf(
            kind = 'wrap', {{ topic_to_address('topic1') }},
            kind = 'unwrap', {{ zero_address() }},
            {{ topic_to_address('topic2') }}
        ) as to_address,
        assumeNotNull({{ hex_to_uint256('data') }}) as amount_raw
    from logs
    where
        (topic0 = {{ transfer_topic() }} and {{ is_address_topic('topic2') }})
        or (
            topic0 != {{ transfer_topic() }}
            and isNull(topic2)
            and (chain, address) in (
                select chain, token_address from tokens where is_wrapped_native
            )
        )
),

labelled as (
    select
        decoded.*,
        tokens.symbol as symbol,
        tokens.decimals as decimals,
        tokens.asset as asset,
        coalesce(tokens.trust, 'unknown') as trust,
        toFloat64(amount_raw) / exp10(tokens.decimals) as amount
    from decoded
    left join tokens
        on decoded.chain = tokens.chain and decoded.token_address = tokens.token_address
),

priced as (
    {{ with_price('labelled') }}
)

select
    chain,
    block_number,
    log_index,
    tx_hash,
    tx_index,
    block_timestamp,
    block_date,
    token_address,
    symbol,
    decimals,
    from_address,
    to_address,
    toLowCardinality(multiIf(
        kind != 'transfer', kind,
        from_address = {{ zero_address() }}, 'mint',
        to_address = {{ zero_address() }}, 'burn',
        'transfer'
    )) as transfer_type,
    amount_raw,
    amount,
    price_usd,
    if(isNull(usd_exclusion_reason), amount * price_usd, null) as amount_usd,
    toLowCardinality(usd_exclusion_reason) as usd_exclusion_reason,
    cast(from_address = to_address, 'Bool') as is_self_transfer,
    cast(amount_raw = 0, 'Bool') as is_zero_value,
    cast(trust = 'spam', 'Bool') as is_spam,
    finality
from priced
