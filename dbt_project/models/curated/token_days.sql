-- grain: one token contract and UTC day with at least one Transfer, wrap or unwrap log
{{ config(order_by='(chain, token_address)') }}

select
    chain,
    address as token_address,
    block_date,
    min(block_number) as first_block_number,
    max(block_number) as last_block_number,
    count() as log_count
from {{ ref('stg_evm__logs') }}
where
    {{ in_days(['pointers'], by_block=true) }}
    and topic0 in {{ token_topics() }}
group by chain, token_address, block_date
