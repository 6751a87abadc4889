-- grain: one chain and UTC day with blocks
{{ config(order_by='chain') }}

with

blocks as (
    {{ network_blocks('block_date') }}
),

transactions as (
    {{ network_transactions('block_date') }}
)

select
    blocks.bucket as block_date,
    blocks.chain as chain,
    {{ network_measures() }}
from blocks
left join transactions on blocks.bucket = transactions.bucket and blocks.chain = transactions.chain
