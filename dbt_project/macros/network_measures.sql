{#- The columns of every network_metrics table, from the CTEs blocks and transactions. -#}
{% macro network_measures() -%}
    blocks.block_count as block_count,
    blocks.tx_count as tx_count,
    blocks.failed_tx_ratio as failed_tx_ratio,
    blocks.gas_used_total as gas_used_total,
    transactions.gas_price_avg_gwei as gas_price_avg_gwei,
    transactions.gas_price_median_gwei as gas_price_median_gwei,
    blocks.base_fee_median_gwei as base_fee_median_gwei,
    coalesce(transactions.active_addresses, 0) as active_addresses,
    blocks.block_time_avg_seconds as block_time_avg_seconds,
    blocks.block_time_min_seconds as block_time_min_seconds,
    blocks.block_time_max_seconds as block_time_max_seconds,
    coalesce(transactions.value_total_eth, 0) as value_total_eth,
    transactions.value_avg_eth as value_avg_eth,
    blocks.fees_total_eth as fees_total_eth,
    blocks.burned_total_eth as burned_total_eth,
    blocks.contracts_created as contracts_created,
    blocks.blob_gas_used as blob_gas_used,
    coalesce(blocks.proven_ratio, 0) as proven_ratio,
    blocks.finality as finality
{%- endmacro %}
