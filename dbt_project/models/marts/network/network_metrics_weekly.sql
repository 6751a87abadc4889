-- grain: one chain and week (Monday to Sunday, UTC) with blocks
{{ config(order_by='chain', partition_by='toStartOfMonth(week_start)', period='week') }}

with

blocks as (
    {{ network_blocks('toMonday(block_date)') }}
),

transactions as (
    {{ network_transactions('toMonday(block_date)') }}
)

select
    blocks.bucket as week_start,
    blocks.chain as chain,
    {{ network_measures() }}
from blocks
left join transactions on blocks.bucket = transactions.bucket and blocks.chain = transactions.chain
