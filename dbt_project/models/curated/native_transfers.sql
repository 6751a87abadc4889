-- grain: one transaction that moved native coins, or one validator withdrawal
{{ config(order_by='(chain, block_number, transfer_type, transfer_index)') }}

with

transactions as (
    select
        chain,
        block_number,
        'transaction' as transfer_type,
        toUInt64(tx_index) as transfer_index,
        toNullable(tx_hash) as tx_hash,
        block_timestamp,
        block_date,
        toNullable(from_address) as from_address,
        coalesce(to_address, created_contract_address) as to_address,
        value_raw as amount_raw,
        finality
    from {{ ref('stg_evm__transactions') }}
    where
        {{ in_days(['pointers', 'native_prices'], by_block=true) }}
        and value_raw > 0
        -- Before Byzantium nobody says whether it succeeded: one that ran out of gas did not.
        and coalesce(is_success, gas_used < gas_limit or gas_used = 21000)
),

withdrawals as (
    select
        chain,
        block_number,
        'withdrawal' as transfer_type,
        withdrawal_index as transfer_index,
        cast(null, 'Nullable(String)') as tx_hash,
        block_timestamp,
        block_date,
        cast(null, 'Nullable(String)') as from_address,
        toNullable(address) as to_address,
        toUInt256(amount_gwei) * 1000000000 as amount_raw,
        finality
    from {{ ref('stg_evm__withdrawals') }}
    where {{ in_days(by_block=true) }}
),

transfers as (
    select * from transactions
    union all
    select * from withdrawals
),

labelled as (
    select
        transfers.*,
        chains.native_symbol as symbol,
        chains.native_asset as asset,
        'curated' as trust,
        toFloat64(amount_raw) / 1e18 as amount
    from transfers
    left join {{ ref('ref_chains') }} as chains on transfers.chain = chains.chain
),

priced as (
    {{ with_price('labelled') }}
)

select
    chain,
    block_number,
    toLowCardinality(transfer_type) as transfer_type,
    transfer_index,
    tx_hash,
    block_timestamp,
    block_date,
    symbol,
    from_address,
    to_address,
    amount_raw,
    amount,
    price_usd,
    if(isNull(usd_exclusion_reason), amount * price_usd, null) as amount_usd,
    toLowCardinality(usd_exclusion_reason) as usd_exclusion_reason,
    finality
from priced
