-- What is there before the days: chains, tokens, pointers and blocks. Statements are split at ';'.
create database if not exists made;

-- Days of pointers: Ethereum was filled to its first day, the others are followed.
create or replace table made.chains (chain String, block_seconds Float64, pointer_days UInt32) engine = MergeTree order by chain as
select chain, block_seconds, least({days:UInt32}, multiIf(chain = 'ethereum', {days:UInt32}, block_seconds < 1, 3, 14))
from curated.ref_chains where chain in ('ethereum', 'arbitrum', 'polygon', 'optimism');

create or replace table made.tokens (rank UInt32, chain LowCardinality(String), token_address LowCardinality(String), symbol String) engine = MergeTree order by rank as
select toUInt32(number), ['ethereum', 'arbitrum', 'polygon', 'optimism'][1 + number % 4], concat('0x', lower(hex(sipHash128('token', number))), lower(hex(toUInt32(sipHash64(number, 'token'))))), concat('TK', toString(number))
from numbers({tokens:UInt32});

-- Most contracts that ever emitted a transfer are nobody's token any more.
insert into curated.tokens (chain, token_address, symbol, name, decimals, decimals_source, asset, is_stablecoin, is_wrapped_native, is_rebasing, trust, label_version)
select chain, token_address, symbol, symbol, 18, 'node', concat(chain, ':', token_address), false, false, false, 'priced', 1 from made.tokens
union all
select 'ethereum', concat('0x', lower(hex(sipHash128('dust', number))), lower(hex(toUInt32(sipHash64(number))))), concat('DUST', toString(number % 5000)), 'dust', 18, 'node', concat('ethereum:', toString(number)), false, false, false, 'unknown', 1 from numbers({dust_tokens:UInt32});

insert into meta.canonical_blocks (chain, block_number, block_hash, parent_hash, block_timestamp, finality, version, committed_at)
select
    chain, 20000000 + number as n, concat('0x', lower(hex(sipHash128(chain, n))), lower(hex(sipHash128(n, chain)))), concat('0x', lower(hex(sipHash128(chain, n - 1))), lower(hex(sipHash128(n - 1, chain)))),
    toDateTime({first_date:Date} + {days:UInt32} - pointer_days, 'UTC') + toUInt32(number * block_seconds) as block_timestamp,
    if(block_timestamp < toDateTime({first_date:Date} + {days:UInt32}, 'UTC') - 1200, 'finalized', 'latest'), toUnixTimestamp(block_timestamp) * 1000000, block_timestamp
from made.chains cross join numbers(assumeNotNull((select max(toUInt64(pointer_days * 86400 / block_seconds)) from made.chains))) as numbers
where number < pointer_days * 86400 / block_seconds;

insert into raw.blocks (chain, block_number, block_hash, parent_hash, block_timestamp, transaction_count, log_count, withdrawal_count, proof, source, ingested_at, withdrawals_root)
select chain, block_number, block_hash, parent_hash, block_timestamp, 160, 389, 16, if(block_number % 50 = 0, ['header', 'transactions'], ['header', 'transactions', 'receipts', 'bloom', 'withdrawals']), 'made', block_timestamp + 9, 'made'
from meta.canonical_blocks;

insert into meta.verified_blocks (chain, block_number, block_hash, blocks, transactions, logs, withdrawals, faults, run_id, verified_at)
select chain, block_number, block_hash, 'proven', 'proven', if(block_number % 100000 = 0, 'broken', 'proven'), 'proven', [], 'made', block_timestamp + 90000
from meta.canonical_blocks where toDayOfYear(block_timestamp) % 4 = 0;

insert into curated.block_days (chain, block_date, block_count, first_block_number, last_block_number, first_block_timestamp, last_block_timestamp, last_final_block_number, last_committed_at, finality, pointer_version)
select chain, toDate(block_timestamp) as block_date, count(), min(block_number), max(block_number), min(block_timestamp), max(block_timestamp), maxOrNullIf(block_number, finality = 'finalized'), max(committed_at), 'finalized', 1
from meta.canonical_blocks group by chain, block_date;

insert into curated.block_proof_days (block_date, chain, dataset, proven_count, partial_count, broken_count, missing_count, verified_count, last_verified_at)
select
    block_date, chain, arrayJoin(['blocks', 'transactions', 'logs', 'withdrawals']) as dataset, block_count - partial_count, if(dataset in ('blocks', 'transactions'), 0, intDiv(block_count, 50)) as partial_count, 0, 0,
    if(toDayOfYear(block_date) % 4 = 0, block_count, 0), if(toDayOfYear(block_date) % 4 = 0, toDateTime64(block_date + 2, 3, 'UTC'), null)
from curated.block_days
settings max_partitions_per_insert_block = 0;

insert into meta.chain_tips (chain, block_number, safe, finalized, seen_at)
select chain, max(block_number) + 3, max(block_number), max(block_number) - 64, now64(3) from meta.canonical_blocks group by chain;

insert into raw.prices_spot (asset, symbol, quote, price, observed_at, source, ingested_at)
select asset, symbol, 'usd', 100 + sin(number / 100), toDateTime64({first_date:Date}, 3, 'UTC') + toIntervalHour(number) + toIntervalMinute(7) as at, source, at
from (select asset, symbol from curated.ref_assets) as assets cross join numbers({days:UInt32} * 24) as hours
array join ['coingecko', 'defillama', 'kraken'] as source;

insert into meta.pipeline_runs (run_id, step, chain, span, started_at, finished_at, status, rows_in, rows_out, error, version)
select
    concat(formatDateTime(started_at, '%Y%m%dT%H%i%S'), '-', leftPad(toString(number % 7), 8, '0')), ['ingest_chain', 'ingest_chain', 'ingest_chain', 'ingest_chain', 'ingest_prices', 'transform', 'validate'][1 + number % 7], ['ethereum', 'arbitrum', 'polygon', 'optimism', '', '', ''][1 + number % 7],
    concat(toString(number), ':', toString(number + 20)), toDateTime64({first_date:Date} + {days:UInt32}, 3, 'UTC') - toIntervalSecond(intDiv(number * 86400, 7000)) as started_at, started_at + toIntervalSecond(4 + number % 40),
    multiIf(sipHash64(number) % 300 = 0, 'failed', sipHash64(number) % 100 = 0, 'degraded', 'done'), 20, 9000, '', 2
from numbers(7000 * {ledger_days:UInt32});

insert into meta.data_quality_checks (checked_at, suite, table, check, severity, status, observed, expected, unexpected_count, details, run_id)
select
    toDateTime64({first_date:Date} + {days:UInt32}, 3, 'UTC') - toIntervalHour(intDiv(number, 90)) as checked_at, concat('suite', toString(number % 10)), concat('raw.table', toString(number % 10)), concat('check ', toString(number % 90)),
    if(number % 3 = 0, 'warning', 'critical'), multiIf(sipHash64(number) % 200 = 0, 'fail', sipHash64(number) % 50 = 0, 'warn', 'pass'), '0', '0', 0, '', toString(intDiv(number, 90))
from numbers(90 * 24 * {ledger_days:UInt32});

insert into meta.rejected_rows (source, table, key, reason, payload, rejected_at)
select
    concat('node', toString(number % 5)), if(number % 3 = 0, 'raw.prices_spot', 'raw.blocks'),
    if(number % 3 = 0, concat('ethereum/', formatDateTime(rejected_at, '%Y-%m-%dT%H:%i:%S')), concat('ethereum/', toString(number))),
    if(number % 3 = 0, 'outside the band: 0.3', 'the header does not have the block''s hash'), repeat('x', 200), toDateTime64({first_date:Date}, 3, 'UTC') + toIntervalSecond(number * 860) as rejected_at
from numbers(100 * {days:UInt32});

insert into meta.reorgs (chain, fork_block_number, depth, old_head_hash, new_head_hash, old_version, detected_at, outcome)
select ['ethereum', 'polygon'][1 + number % 2], number, 1 + number % 3, concat('0xold', toString(number)), concat('0xnew', toString(number)), number, toDateTime64({first_date:Date}, 3, 'UTC') + toIntervalHour(number * 4), 'followed'
from numbers(6 * {days:UInt32});

insert into meta.built_days (model, block_date, input_version, code_version, began_at, built_at)
select arrayJoin(['curated.blocks', 'curated.erc20_transfers', 'marts.network_metrics_daily', 'marts.network_metrics_hourly', 'marts.ingest_lag_daily', 'marts.token_metrics_daily', 'marts.token_concentration_daily', 'marts.largest_transfers_daily', 'marts.address_flows_daily', 'marts.address_token_flows_daily', 'marts.address_transfers_daily', 'marts.largest_addresses_daily', 'meta.anomalies']),
    {first_date:Date} + number as block_date, 1, '', toDateTime64(block_date + 1, 3, 'UTC') + 600, toDateTime64(block_date + 1, 3, 'UTC') + 500
from numbers({days:UInt32})
