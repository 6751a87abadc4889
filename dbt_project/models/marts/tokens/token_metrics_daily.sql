-- grain: one token and UTC day with at least one transfer, wrap or unwrap
{{ config(order_by='(chain, token_address)') }}

with

transfers as (
    select
        *,
        transfer_type in ('transfer', 'mint', 'burn') as is_transfer,
        transfer_type in ('mint', 'wrap') as is_creation,
        transfer_type in ('burn', 'unwrap') as is_destruction
    from {{ ref('erc20_transfers') }}
    where {{ in_days(['erc20_transfers', 'token_prices_daily', 'blocks']) }}
),

proven_blocks as (
    select chain, block_number, is_proven from {{ ref('blocks') }} where {{ in_days() }}
),

sums as (
    select
        transfers.block_date as block_date,
        transfers.chain as chain,
        transfers.token_address as token_address,
        any(symbol) as symbol,
        any(decimals) as decimals,
        countIf(is_transfer) as transfer_count,
        countIf(transfer_type = 'mint') as mint_count,
        countIf(transfer_type = 'burn') as burn_count,
        countIf(not is_transfer) as wrap_count,
        uniqExact(tx_hash) as tx_count,
        uniqExactIf(from_address, transfer_type in ('transfer', 'burn')) as unique_senders,
        uniqExactIf(to_address, transfer_type in ('transfer', 'mint')) as unique_receivers,
        uniqExactArrayIf(
            arrayFilter(address -> address != {{ zero_address() }}, [from_address, to_address]),
            is_transfer
        ) as unique_addresses,
        {{ sum_high('amount_raw', 'is_transfer') }} as volume_high,
        {{ sum_low('amount_raw', 'is_transfer') }} as volume_low,
        {{ sum_high('amount_raw', 'is_creation') }} as minted_high,
        {{ sum_low('amount_raw', 'is_creation') }} as minted_low,
        {{ sum_high('amount_raw', 'is_destruction') }} as burned_high,
        {{ sum_low('amount_raw', 'is_destruction') }} as burned_low,
        {{ sum_usd('amount_usd', 'is_transfer') }} as volume_usd,
        {{ sum_usd('amount_usd', 'is_creation') }} as minted_usd,
        {{ sum_usd('amount_usd', 'is_destruction') }} as burned_usd,
        maxIf(amount_usd, is_transfer) as largest_transfer_usd,
        {{ ratio(
            'countIf(is_transfer and isNotNull(amount_usd))', 'countIf(is_transfer)'
        ) }} as priced_ratio,
        {{ ratio("countIf(proven_blocks.is_proven)", "count()") }} as proven_ratio,
        {{ weakest_finality('transfers.finality') }} as finality
    from transfers
    left join proven_blocks using (chain, block_number)
    group by block_date, chain, token_address
),

prices as (
    select * from {{ ref('token_prices_daily') }} where {{ in_days(column='price_date') }}
)

select
    sums.block_date as block_date,
    sums.chain as chain,
    sums.token_address as token_address,
    sums.symbol as symbol,
    tokens.trust as trust,
    sums.transfer_count as transfer_count,
    sums.mint_count as mint_count,
    sums.burn_count as burn_count,
    sums.wrap_count as wrap_count,
    sums.tx_count as tx_count,
    sums.unique_senders as unique_senders,
    sums.unique_receivers as unique_receivers,
    sums.unique_addresses as unique_addresses,
    {{ exact_text('toInt256(volume_high)', 'toInt256(volume_low)') }} as volume_raw_exact,
    {{ exact_float('volume_high', 'volume_low') }} / exp10(sums.decimals) as volume,
    {{ exact_float('minted_high', 'minted_low') }} / exp10(sums.decimals) as minted,
    {{ exact_float('burned_high', 'burned_low') }} / exp10(sums.decimals) as burned,
    minted - burned as net_supply_change,
    sums.volume_usd as volume_usd,
    sums.minted_usd as minted_usd,
    sums.burned_usd as burned_usd,
    sums.largest_transfer_usd as largest_transfer_usd,
    prices.price_open_usd as price_open_usd,
    prices.price_high_usd as price_high_usd,
    prices.price_low_usd as price_low_usd,
    prices.price_close_usd as price_close_usd,
    sums.priced_ratio as priced_ratio,
    coalesce(sums.proven_ratio, 0) as proven_ratio,
    sums.finality as finality
from sums
left join {{ ref('tokens') }} as tokens
    on sums.chain = tokens.chain and sums.token_address = tokens.token_address
left join prices
    on tokens.asset = prices.asset and sums.block_date = prices.price_date
