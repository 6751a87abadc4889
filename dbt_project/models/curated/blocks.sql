-- grain: one canonical block
{{ config(order_by='(chain, block_number)') }}

with

transactions as (
    select
        chain,
        block_number,
        count() as tx_count,
        countIf(is_success = false) as failed_tx_count,
        countIf(
            isNotNull(created_contract_address) and coalesce(is_success, true)
        ) as contracts_created,
        sum(toUInt256(gas_used) * effective_gas_price_wei) as gas_fees_wei,
        sum(
            toUInt256(coalesce(blob_gas_used, 0)) * coalesce(blob_gas_price_wei, 0)
        ) as blob_fees_wei,
        sum(coalesce(l1_fee_wei, 0)) as l1_fees_wei,
        sum(value_raw) as value_raw
    from {{ ref('stg_evm__transactions') }}
    where {{ in_days(['pointers', 'pointers_before'], by_block=true) }}
    group by chain, block_number
),

blocks as (
    select *
    from {{ ref('stg_evm__blocks') }}
    where {{ in_days(by_block=true) }}
),

clocks as (
    select
        chain,
        block_number,
        block_timestamp,
        lagInFrame(toNullable(block_number)) over by_height as number_before,
        lagInFrame(toNullable(block_timestamp)) over by_height as timestamp_before
    from {{ ref('stg_meta__canonical_blocks') }}
    where {{ in_days(lookback_days=1, by_block=true) }}
    window by_height as (
        partition by chain order by block_number rows between unbounded preceding and current row
    )
)

select
    blocks.chain as chain,
    blocks.block_number as block_number,
    blocks.block_hash as block_hash,
    blocks.block_timestamp as block_timestamp,
    blocks.block_date as block_date,
    blocks.miner_address as miner_address,
    if(
        clocks.number_before = blocks.block_number - 1,
        dateDiff('second', clocks.timestamp_before, blocks.block_timestamp), null
    ) as block_seconds,
    blocks.gas_limit as gas_limit,
    blocks.gas_used as gas_used,
    blocks.blob_gas_used as blob_gas_used,
    coalesce(transactions.tx_count, 0) as tx_count,
    coalesce(transactions.failed_tx_count, 0) as failed_tx_count,
    coalesce(transactions.contracts_created, 0) as contracts_created,
    blocks.log_count as log_count,
    blocks.withdrawal_count as withdrawal_count,
    blocks.base_fee_per_gas_wei as base_fee_per_gas_wei,
    coalesce(transactions.gas_fees_wei, 0) as gas_fees_wei,
    coalesce(transactions.blob_fees_wei, 0) as blob_fees_wei,
    coalesce(transactions.l1_fees_wei, 0) as l1_fees_wei,
    toUInt256(blocks.gas_used) * coalesce(blocks.base_fee_per_gas_wei, 0) as burned_wei,
    coalesce(transactions.value_raw, 0) as value_raw,
    cast(hasAll(blocks.proof, ['header', 'transactions', 'receipts']), 'Bool') as is_proven,
    blocks.finality as finality
from blocks
left join transactions
    on blocks.chain = transactions.chain and blocks.block_number = transactions.block_number
left join clocks on blocks.chain = clocks.chain and blocks.block_number = clocks.block_number
