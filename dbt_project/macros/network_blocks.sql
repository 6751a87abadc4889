{#- Measures of blocks by chain and bucket (an expression over curated blocks). -#}
{% macro network_blocks(bucket) -%}
    select
        {{ bucket }} as bucket,
        chain,
        count() as block_count,
        sum(blocks.tx_count) as tx_count,
        {{ ratio('sum(failed_tx_count)', 'sum(blocks.tx_count)') }} as failed_tx_ratio,
        sum(gas_used) as gas_used_total,
        quantileExactInclusive(0.5)(toFloat64(base_fee_per_gas_wei)) / 1e9 as base_fee_median_gwei,
        avg(block_seconds) as block_time_avg_seconds,
        toFloat64(min(block_seconds)) as block_time_min_seconds,
        toFloat64(max(block_seconds)) as block_time_max_seconds,
        toFloat64(sum(gas_fees_wei) + sum(blob_fees_wei) + sum(l1_fees_wei)) / 1e18 as fees_total_eth,
        toFloat64(sum(burned_wei)) / 1e18 as burned_total_eth,
        sum(blocks.contracts_created) as contracts_created,
        sum(coalesce(blocks.blob_gas_used, 0)) as blob_gas_used,
        {{ ratio('countIf(is_proven)', 'count()') }} as proven_ratio,
        {{ weakest_finality('blocks.finality') }} as finality
    from {{ ref('blocks') }} as blocks
    where {{ in_days(['blocks']) }}
    group by bucket, chain
{%- endmacro %}
