-- grain: one token and UTC day with at least one transfer
{{ config(order_by='(chain, token_address)', settings={'index_granularity': 1024}) }}

with

sides as (
    select
        block_date,
        chain,
        token_address,
        symbol,
        amount_raw,
        transfers.finality as finality,
        arrayJoin(arrayFilter(
            side -> side.2 != {{ zero_address() }}, [(true, from_address), (false, to_address)]
        )) as side,
        side.1 as is_sender,
        side.2 as address
    from {{ ref('erc20_transfers') }} as transfers
    where {{ in_days(['erc20_transfers']) }} and transfer_type in ('transfer', 'mint', 'burn')
),

addresses as (
    select
        block_date,
        chain,
        token_address,
        is_sender,
        address,
        any(symbol) as symbol,
        {{ sum_high('amount_raw', 'true') }} as volume_high,
        {{ sum_low('amount_raw', 'true') }} as volume_low,
        {{ exact_float('volume_high', 'volume_low') }} as volume,
        {{ weakest_finality('sides.finality') }} as finality
    from sides
    group by block_date, chain, token_address, is_sender, address
),

-- Sorted first, so that sums of floats do not depend on the order of rows.
ranked as (
    select
        block_date,
        chain,
        token_address,
        any(symbol) as symbol,
        arrayReverseSort(groupArrayIf(volume, is_sender)) as sent,
        arrayReverseSort(groupArrayIf(volume, not is_sender)) as received,
        {{ weakest_finality('addresses.finality') }} as finality
    from addresses
    group by block_date, chain, token_address
)

select
    block_date,
    chain,
    token_address,
    symbol,
    length(sent) as sender_count,
    length(received) as receiver_count,
    {{ top_ratio('sent', 1) }} as top1_sender_ratio,
    {{ top_ratio('sent', 10) }} as top10_sender_ratio,
    {{ herfindahl('sent') }} as sender_herfindahl_ratio,
    {{ top_ratio('received', 1) }} as top1_receiver_ratio,
    {{ top_ratio('received', 10) }} as top10_receiver_ratio,
    {{ herfindahl('received') }} as receiver_herfindahl_ratio,
    finality
from ranked
