-- grain: one kind of raw rows of a chain and UTC day with blocks
{{ config(order_by='(chain, dataset)', partition_by='toStartOfMonth(block_date)') }}

{{ block_states(is_by_day=true) }}
