-- grain: one address and UTC day with at least one token transfer
-- Asked for one address at a time, most often on all chains: it comes first, and few rows are
-- read around it.
{{
    config(
        order_by='(address, chain)', partition_by='toMonday(block_date)',
        settings={'index_granularity': 1024}
    )
}}

with

movements as (
    select
        block_date,
        chain,
        token_address,
        tx_hash,
        amount_usd,
        arrayJoin([(from_address, to_address, false), (to_address, from_address, true)]) as side,
        side.1 as address,
        side.2 as counterparty,
        side.3 as is_inflow
    from {{ ref('erc20_transfers') }}
    where {{ in_days(['erc20_transfers']) }} and transfer_type in ('transfer', 'mint', 'burn')
),

sums as (
    select
        block_date,
        chain,
        address,
        countIf(is_inflow) as inflow_count,
        countIf(not is_inflow) as outflow_count,
        countIf(isNull(amount_usd)) as unpriced_count,
        uniqExact(tx_hash) as tx_count,
        uniqExactIf(counterparty, counterparty != address) as counterparties_count,
        uniqExact(token_address) as tokens_count,
        {{ sum_usd('amount_usd', 'is_inflow') }} as inflow_usd,
        {{ sum_usd('amount_usd', 'not is_inflow') }} as outflow_usd
    from movements
    group by block_date, chain, address
)

select
    block_date,
    chain,
    address,
    inflow_count,
    outflow_count,
    unpriced_count,
    tx_count,
    counterparties_count,
    tokens_count,
    inflow_usd,
    outflow_usd,
    {{ net_usd('inflow_usd', 'outflow_usd') }} as net_flow_usd
from sums
