-- grain: one chain and hour with blocks
{{ config(order_by='(chain, block_hour)') }}

with

blocks as (
    {{ network_blocks('toStartOfHour(block_timestamp)') }}
),

transactions as (
    {{ network_transactions('toStartOfHour(block_timestamp)') }}
)

select
    blocks.bucket as block_hour,
    toDate(blocks.bucket) as block_date,
    blocks.chain as chain,
    {{ network_measures() }}
from blocks
left join transactions on blocks.bucket = transactions.bucket and blocks.chain = transactions.chain
