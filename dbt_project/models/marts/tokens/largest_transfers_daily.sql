-- grain: one of the 20 largest transfers of a token and UTC day
{{ config(order_by='(chain, token_address, transfer_rank)', settings={'index_granularity': 1024}) }}

with

-- Ranked by their position alone: whole rows of a day would not fit into memory.
ranked as (
    select
        chain,
        block_number,
        log_index,
        row_number() over (
            partition by block_date, chain, token_address
            order by amount_usd desc nulls last, amount_raw desc, block_number asc, log_index asc
        ) as transfer_rank
    from {{ ref('erc20_transfers') }}
    where {{ in_days(['erc20_transfers']) }} and transfer_type in ('transfer', 'mint', 'burn')
),

largest as (
    select * from ranked where transfer_rank <= 20
),

transfers as (
    select * from {{ ref('erc20_transfers') }} where {{ in_days() }}
)

select
    transfers.block_date as block_date,
    transfers.chain as chain,
    transfers.token_address as token_address,
    toUInt8(largest.transfer_rank) as transfer_rank,
    transfers.symbol as symbol,
    transfers.block_timestamp as block_timestamp,
    transfers.block_number as block_number,
    transfers.log_index as log_index,
    transfers.tx_hash as tx_hash,
    transfers.from_address as from_address,
    transfers.to_address as to_address,
    transfers.transfer_type as transfer_type,
    toString(transfers.amount_raw) as amount_raw_exact,
    transfers.amount as amount,
    transfers.amount_usd as amount_usd,
    transfers.usd_exclusion_reason as usd_exclusion_reason,
    transfers.finality as finality
from transfers
inner join largest using (chain, block_number, log_index)
