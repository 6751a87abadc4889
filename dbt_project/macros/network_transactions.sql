{#- Measures of transactions by chain and bucket (an expression over staged transactions). Value counts
    where the transaction succeeded; means are of exact sums, so the order of rows does not show. -#}
{% macro network_transactions(bucket) -%}
    select
        {{ bucket }} as bucket,
        chain,
        toFloat64(sum(effective_gas_price_wei)) / count() / 1e9 as gas_price_avg_gwei,
        quantileExactInclusive(0.5)(toFloat64(effective_gas_price_wei)) / 1e9 as gas_price_median_gwei,
        uniqExactArray(arrayFilter(
            address -> isNotNull(address),
            [from_address, coalesce(to_address, created_contract_address)]
        )) as active_addresses,
        toFloat64(sumIf(value_raw, coalesce(is_success, true))) / 1e18 as value_total_eth,
        toFloat64(sumIf(value_raw, coalesce(is_success, true))) / 1e18 / count() as value_avg_eth
    from {{ ref('stg_evm__transactions') }}
    where {{ in_days(by_block=true) }}
    group by bucket, chain
{%- endmacro %}
