-- grain: one transfer as one of its two addresses sees it
-- Asked for the newest of one address, most often on all chains.
{{
    config(
        order_by='(address, block_timestamp)', partition_by='toMonday(block_date)',
        settings={'index_granularity': 1024}
    )
}}

select
    block_date,
    chain,
    tupleElement(side, 1) as address,
    block_timestamp,
    block_number,
    log_index,
    toLowCardinality(tupleElement(side, 3)) as direction,
    tupleElement(side, 2) as counterparty_address,
    token_address,
    toLowCardinality(symbol) as symbol,
    transfer_type,
    tx_hash,
    amount,
    amount_usd,
    is_self_transfer,
    is_spam,
    finality
from {{ ref('erc20_transfers') }}
array join [(from_address, to_address, 'out'), (to_address, from_address, 'in')] as side
where {{ in_days(['erc20_transfers']) }} and transfer_type in ('transfer', 'mint', 'burn')
