-- Days of made transfers for the benchmarks: {blocks} blocks a day, {logs} logs a day, 300 tokens.
-- Filled by benchmarks.made_days; statements are split at ';'.
insert into raw.blocks (chain, block_number, block_hash, parent_hash, block_timestamp, transaction_count, log_count, proof, source, ingested_at, base_fee_per_gas_wei, gas_used)
select
    'ethereum', 1 + number as n, concat('0x', leftPad(lower(hex(n)), 64, '0')), concat('0x', leftPad(lower(hex(n - 1)), 64, '0')),
    toDateTime('2024-01-01 00:00:00', 'UTC') + intDiv(number * 86400, {blocks:UInt32}), 0, intDiv({logs:UInt32}, {blocks:UInt32}),
    ['header', 'transactions', 'receipts', 'bloom'], 'made', now64(3), toUInt256(1000000000), 30000000
from numbers({from_day:UInt32} * {blocks:UInt32}, {days:UInt32} * {blocks:UInt32});

insert into raw.transactions (chain, block_number, block_hash, tx_index, tx_hash, block_timestamp, from_address, to_address, value_raw, is_success, gas_used, effective_gas_price_wei, ingested_at)
select
    'ethereum', 1 + intDiv(number * {blocks:UInt32}, {txs:UInt32}) as n, concat('0x', leftPad(lower(hex(n)), 64, '0')),
    number % intDiv({txs:UInt32}, {blocks:UInt32}), concat('0x', leftPad(lower(hex(number)), 64, 'a')),
    toDateTime('2024-01-01 00:00:00', 'UTC') + intDiv((n - 1) * 86400, {blocks:UInt32}),
    concat('0x', leftPad(lower(hex(cityHash64(number) % 9973)), 40, '0')), concat('0x', leftPad(lower(hex(cityHash64(number, 1) % 9973)), 40, '0')),
    toUInt256(cityHash64(number)), true, 60000, toUInt256(20000000000), now64(3)
from numbers({from_day:UInt32} * {txs:UInt32}, {days:UInt32} * {txs:UInt32});

insert into raw.logs (chain, block_number, block_hash, log_index, tx_hash, tx_index, block_timestamp, address, topic0, topic1, topic2, data, ingested_at)
select
    'ethereum', 1 + intDiv(number * {blocks:UInt32}, {logs:UInt32}) as n, concat('0x', leftPad(lower(hex(n)), 64, '0')),
    number % intDiv({logs:UInt32}, {blocks:UInt32}), concat('0x', leftPad(lower(hex(intDiv(number, 2))), 64, 'a')), intDiv(number % intDiv({logs:UInt32}, {blocks:UInt32}), 2),
    toDateTime('2024-01-01 00:00:00', 'UTC') + intDiv((n - 1) * 86400, {blocks:UInt32}),
    if(number % 3 = 0, '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48', concat('0x', leftPad(lower(hex(number % 300)), 40, 'e'))),
    '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef',
    concat('0x', leftPad(lower(hex(cityHash64(number, 2) % 9973)), 64, '0')), concat('0x', leftPad(lower(hex(cityHash64(number, 3) % 9973)), 64, '0')),
    concat('0x', leftPad(lower(hex(cityHash64(number) % 1000000000)), 64, '0')), now64(3)
from numbers({from_day:UInt32} * {logs:UInt32}, {days:UInt32} * {logs:UInt32});

insert into raw.prices_spot (asset, symbol, quote, price, observed_at, source, ingested_at)
select
    'usd-coin', 'USDC', 'usd', 1, toDateTime64('2024-01-01 00:00:00', 3, 'UTC') + toIntervalHour(intDiv(number, 3)),
    ['a', 'b', 'c'][number % 3 + 1], now64(3)
from numbers({from_day:UInt32} * 72, {days:UInt32} * 72);

insert into meta.canonical_blocks (chain, block_number, block_hash, parent_hash, block_timestamp, finality, version, committed_at)
select chain, block_number, block_hash, parent_hash, block_timestamp, {finality:String}, toUnixTimestamp64Micro(now64(6)), now64(3)
from raw.blocks
where block_number > {from_day:UInt32} * {blocks:UInt32} and block_number <= ({from_day:UInt32} + {days:UInt32}) * {blocks:UInt32}
