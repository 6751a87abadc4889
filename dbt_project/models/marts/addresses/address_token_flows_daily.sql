-- grain: one address, token and UTC day with at least one transfer between them
-- Sorted as address_flows_daily is, and for the same reason.
{{
    config(
        order_by='(address, chain, token_address)', partition_by='toMonday(block_date)',
        settings={'index_granularity': 1024}
    )
}}

with

movements as (
    select
        block_date,
        chain,
        token_address,
        symbol,
        decimals,
        tx_hash,
        amount_raw,
        amount_usd,
        arrayJoin([(from_address, false), (to_address, true)]) as side,
        side.1 as address,
        side.2 as is_inflow
    from {{ ref('erc20_transfers') }}
    where {{ in_days(['erc20_transfers']) }} and transfer_type in ('transfer', 'mint', 'burn')
),

sums as (
    select
        block_date,
        chain,
        address,
        token_address,
        any(symbol) as symbol,
        any(decimals) as decimals,
        countIf(is_inflow) as inflow_count,
        countIf(not is_inflow) as outflow_count,
        uniqExact(tx_hash) as tx_count,
        {{ sum_high('amount_raw', 'is_inflow') }} as inflow_high,
        {{ sum_low('amount_raw', 'is_inflow') }} as inflow_low,
        {{ sum_high('amount_raw', 'not is_inflow') }} as outflow_high,
        {{ sum_low('amount_raw', 'not is_inflow') }} as outflow_low,
        {{ sum_usd('amount_usd', 'is_inflow') }} as inflow_usd,
        {{ sum_usd('amount_usd', 'not is_inflow') }} as outflow_usd
    from movements
    group by block_date, chain, address, token_address
),

nets as (
    select
        *,
        toInt256(inflow_high) - toInt256(outflow_high) as net_high,
        toInt256(inflow_low) - toInt256(outflow_low) as net_low
    from sums
)

select
    block_date,
    chain,
    address,
    token_address,
    symbol,
    inflow_count,
    outflow_count,
    tx_count,
    {{ exact_text('toInt256(inflow_high)', 'toInt256(inflow_low)') }} as inflow_raw_exact,
    {{ exact_text('toInt256(outflow_high)', 'toInt256(outflow_low)') }} as outflow_raw_exact,
    {{ exact_text('net_high', 'net_low') }} as net_flow_raw_exact,
    {{ exact_float('inflow_high', 'inflow_low') }} / exp10(decimals) as inflow,
    {{ exact_float('outflow_high', 'outflow_low') }} / exp10(decimals) as outflow,
    {{ exact_float('net_high', 'net_low') }} / exp10(decimals) as net_flow,
    inflow_usd,
    outflow_usd,
    {{ net_usd('inflow_usd', 'outflow_usd') }} as net_flow_usd
from nets
