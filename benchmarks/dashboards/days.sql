-- Days of tokens and networks, [from_day, from_day + days) after first_date. Statements are split at ';'.
-- Sizes fall as 1 / rank, days have a weekly pattern and noise; nothing here is random twice.
insert into marts.token_metrics_daily (block_date, chain, token_address, symbol, trust, transfer_count, mint_count, burn_count, wrap_count, tx_count, unique_senders, unique_receivers, unique_addresses, volume_raw_exact, volume, minted, burned, net_supply_change, volume_usd, minted_usd, burned_usd, largest_transfer_usd, price_open_usd, price_high_usd, price_low_usd, price_close_usd, priced_ratio, proven_ratio, finality)
select
    {first_date:Date} + day as block_date, chain, token_address, symbol, if(rank < 350, 'priced', 'unknown') as trust,
    toUInt64(20 + 300000 / (rank + 1) * noise) as transfer_count, intDiv(transfer_count, 200), intDiv(transfer_count, 300), 0, intDiv(transfer_count * 4, 5),
    intDiv(transfer_count, 3) + 1, intDiv(transfer_count, 2) + 1, intDiv(transfer_count * 2, 3) + 1,
    concat(toString(toUInt64(volume)), '000000000000'), 2e9 / (rank + 1) * noise as volume, volume / 500 as minted, volume / 700 as burned, minted - burned,
    if(rank < 350, volume * price, null), if(rank < 350, minted * price, null), if(rank < 350, burned * price, null), if(rank < 350, volume * price / 20, null),
    if(rank < 350, price, null), if(rank < 350, price * 1.04, null), if(rank < 350, price * 0.95, null), if(rank < 350, price * 1.01, null),
    if(rank < 350, 0.98, 0), 1 - (sipHash64(day, chain) % 100) / 5000, if(day + 2 < {all_days:UInt32}, 'finalized', 'safe')
from
(
    select
        rank, chain, token_address, symbol, arrayJoin(range({from_day:UInt32}, {from_day:UInt32} + {days:UInt32})) as day,
        exp(sipHash64(rank, day) % 1000 / 700) * if(toDayOfWeek({first_date:Date} + day) > 5, 0.6, 1) as noise,
        (1 + rank % 17) * exp(sin(day / 90 + rank)) as price
    from made.tokens
);

insert into marts.token_concentration_daily (block_date, chain, token_address, symbol, sender_count, receiver_count, top1_sender_ratio, top10_sender_ratio, sender_herfindahl_ratio, top1_receiver_ratio, top10_receiver_ratio, receiver_herfindahl_ratio, finality)
select
    block_date, chain, token_address, symbol, unique_senders, unique_receivers, sipHash64(token_address, block_date) % 1000 / 2500 as top1,
    0.2 + top1, top1 * top1 + 0.01, top1 * 0.9, 0.2 + top1 * 0.9, top1 * top1 * 0.8 + 0.01, finality
from marts.token_metrics_daily
where block_date >= {first_date:Date} + {from_day:UInt32} and block_date < {first_date:Date} + {from_day:UInt32} + {days:UInt32};

insert into marts.largest_transfers_daily (block_date, chain, token_address, transfer_rank, symbol, block_timestamp, block_number, log_index, tx_hash, from_address, to_address, transfer_type, amount_raw_exact, amount, amount_usd, usd_exclusion_reason, finality)
with (n -> concat('0x', lower(hex(sipHash128(n))), lower(hex(toUInt32(sipHash64(n, 1)))))) as address_of
select
    block_date, chain, token_address, arrayJoin(range(1, 21)) as transfer_rank, symbol,
    toDateTime(block_date, 'UTC') + sipHash64(token_address, block_date, transfer_rank) % 86400 as block_timestamp,
    intDiv(toUnixTimestamp(block_timestamp) - toUnixTimestamp(toDateTime({first_date:Date}, 'UTC')), 12), transfer_rank,
    concat('0x', lower(hex(sipHash128(token_address, block_date, transfer_rank))), lower(hex(sipHash128(transfer_rank, block_date, token_address)))),
    address_of(toUInt64(pow({addresses:UInt32}, sipHash64(block_timestamp, 1) / pow(2, 64)))), address_of(toUInt64(pow({addresses:UInt32}, sipHash64(block_timestamp, 2) / pow(2, 64)))),
    'transfer', toString(toUInt128(volume / (20 + transfer_rank))), volume / (20 + transfer_rank), volume_usd / (20 + transfer_rank), if(volume_usd is null, 'no_price', null), finality
from marts.token_metrics_daily
where block_date >= {first_date:Date} + {from_day:UInt32} and block_date < {first_date:Date} + {from_day:UInt32} + {days:UInt32};

insert into meta.metric_bands (entity_type, chain, entity_id, symbol, metric, date, value, expected, lower, upper, severity, run_id, judged_at)
select
    'token', chain, token_address, symbol, tupleElement(measure, 1) as metric, block_date, tupleElement(measure, 2) as value, value * 0.97, value * 0.6, value * 1.5,
    if(sipHash64(token_address, metric, block_date) % 33 = 0, ['low', 'medium', 'high', 'critical'][1 + sipHash64(metric, token_address, block_date) % 4], null),
    'made', toDateTime64(block_date + 1, 3, 'UTC')
from marts.token_metrics_daily
array join [('volume_usd', coalesce(volume_usd, 0)), ('transfer_count', toFloat64(transfer_count)), ('unique_addresses', toFloat64(unique_addresses))] as measure
where block_date >= {first_date:Date} + {from_day:UInt32} and block_date < {first_date:Date} + {from_day:UInt32} + {days:UInt32};

insert into marts.network_metrics_hourly (block_hour, block_date, chain, block_count, tx_count, failed_tx_ratio, gas_used_total, gas_price_avg_gwei, gas_price_median_gwei, base_fee_median_gwei, active_addresses, block_time_avg_seconds, block_time_min_seconds, block_time_max_seconds, value_total_eth, value_avg_eth, fees_total_eth, burned_total_eth, contracts_created, blob_gas_used, proven_ratio, finality)
select
    toDateTime({first_date:Date} + {from_day:UInt32}, 'UTC') + number * 3600 as block_hour, toDate(block_hour), chain, toUInt64(3600 / block_seconds) as block_count,
    toUInt64(45000 * busy) as tx_count, 0.02 * busy, tx_count * 80000, 18 * busy, 15 * busy, 14 * busy, intDiv(tx_count, 3), block_seconds, block_seconds, block_seconds * 2,
    tx_count * 0.8, 0.8, tx_count * 0.001, tx_count * 0.0008, intDiv(tx_count, 400), tx_count * 100, 0.99,
    if(block_hour < toDateTime({first_date:Date} + {all_days:UInt32}, 'UTC') - 7200, 'finalized', 'safe')
from
(
    select number, chain, block_seconds, exp(sipHash64(chain, number) % 1000 / 800) * (1.2 + sin(number / 3.8)) as busy
    from made.chains cross join numbers({days:UInt32} * 24) as hours
);

insert into marts.network_metrics_daily (block_date, chain, block_count, tx_count, failed_tx_ratio, gas_used_total, gas_price_avg_gwei, gas_price_median_gwei, base_fee_median_gwei, active_addresses, block_time_avg_seconds, block_time_min_seconds, block_time_max_seconds, value_total_eth, value_avg_eth, fees_total_eth, burned_total_eth, contracts_created, blob_gas_used, proven_ratio, finality)
select
    block_date, chain, sum(block_count), sum(tx_count), avg(failed_tx_ratio), sum(gas_used_total), avg(gas_price_avg_gwei), median(gas_price_median_gwei), median(base_fee_median_gwei), sum(active_addresses), avg(block_time_avg_seconds),
    min(block_time_min_seconds), max(block_time_max_seconds), sum(value_total_eth), avg(value_avg_eth), sum(fees_total_eth), sum(burned_total_eth), sum(contracts_created), sum(blob_gas_used), avg(proven_ratio), min(finality)
from marts.network_metrics_hourly
where block_date >= {first_date:Date} + {from_day:UInt32} and block_date < {first_date:Date} + {from_day:UInt32} + {days:UInt32}
group by block_date, chain;

insert into marts.ingest_lag_daily (block_date, chain, block_count, live_count, lag_median_seconds, lag_p95_seconds, lag_max_seconds)
select block_date, chain, block_count, block_count - intDiv(block_count, 50), 9.5, 31, 800
from marts.network_metrics_daily
where block_date >= {first_date:Date} + {from_day:UInt32} and block_date < {first_date:Date} + {from_day:UInt32} + {days:UInt32};

insert into curated.token_prices_daily (asset, price_date, price_open_usd, price_high_usd, price_low_usd, price_close_usd, hour_count, observed_hour_count, lone_hour_count, outlier_count, source_count_min, deviation_ratio_max)
select asset, block_date, price_open_usd, price_high_usd, price_low_usd, price_close_usd, 24, 24, sipHash64(asset, block_date) % 3, sipHash64(block_date, asset) % 4, 2, sipHash64(asset, block_date, 1) % 100 / 2000
from marts.token_metrics_daily
inner join curated.tokens using (chain, token_address)
where block_date >= {first_date:Date} + {from_day:UInt32} and block_date < {first_date:Date} + {from_day:UInt32} + {days:UInt32} and price_close_usd is not null;

insert into curated.blocks (chain, block_number, block_hash, block_timestamp, block_date, miner_address, gas_limit, gas_used, tx_count, failed_tx_count, contracts_created, log_count, gas_fees_wei, blob_fees_wei, l1_fees_wei, burned_wei, value_raw, is_proven, finality)
select
    chain, block_number, block_hash, block_timestamp, toDate(block_timestamp), '', 30000000, 15000000, 160, 3, 1, 389, toUInt256(1000000000), toUInt256(0), toUInt256(0), toUInt256(900000000), toUInt256(block_number),
    block_number % 50 != 0, finality
from meta.canonical_blocks
where block_timestamp >= toDateTime({first_date:Date} + {from_day:UInt32}, 'UTC') and block_timestamp < toDateTime({first_date:Date} + {from_day:UInt32} + {days:UInt32}, 'UTC')
