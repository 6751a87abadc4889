-- One day of addresses: {active} of them, of whom the thousand busiest are there every day on all chains.
-- Numbers of addresses are spread by a step that shares no factor with their count, so none comes twice.
insert into marts.address_flows_daily (block_date, chain, address, inflow_count, outflow_count, unpriced_count, tx_count, counterparties_count, tokens_count, inflow_usd, outflow_usd, net_flow_usd)
with (n -> concat('0x', lower(hex(sipHash128(n))), lower(hex(toUInt32(sipHash64(n, 1)))))) as address_of
select
    {date:Date}, chain, address_of(id), inflow_count, outflow_count, intDiv(inflow_count, 5), inflow_count + outflow_count, least(inflow_count, 900), least(inflow_count, 40),
    pow(10, 6 * (sipHash64(id, {date:Date}, chain) / pow(2, 64))) as inflow_usd, pow(10, 6 * (sipHash64({date:Date}, id, chain) / pow(2, 64))) as outflow_usd, inflow_usd - outflow_usd
from
(
    select
        if(number < 4000, intDiv(number, 4), 1000 + (toUInt64(number) * 7919 + toUInt32({date:Date}) * 104729) % ({addresses:UInt32} - 1000)) as id,
        ['ethereum', 'arbitrum', 'polygon', 'optimism'][1 + if(number < 4000, number, id) % 4] as chain,
        1 + toUInt64(3000 / (id + 1)) as inflow_count, 1 + toUInt64(2500 / (id + 1)) as outflow_count
    from numbers({active:UInt32})
);

insert into marts.largest_addresses_daily (block_date, chain, address, address_rank, tx_count, inflow_usd, outflow_usd, moved_usd)
select
    block_date, chain, address, toUInt16(row_number() over (partition by chain order by inflow_usd + outflow_usd desc, address)) as address_rank, tx_count, inflow_usd, outflow_usd, inflow_usd + outflow_usd
from marts.address_flows_daily
where block_date = {date:Date}
qualify address_rank <= 200;

insert into marts.address_token_flows_daily (block_date, chain, address, token_address, symbol, inflow_count, outflow_count, tx_count, inflow_raw_exact, outflow_raw_exact, net_flow_raw_exact, inflow, outflow, net_flow, inflow_usd, outflow_usd, net_flow_usd)
with (n -> concat('0x', lower(hex(sipHash128(n))), lower(hex(toUInt32(sipHash64(n, 1)))))) as address_of
select
    {date:Date}, tokens.chain, address_of(id), tokens.token_address, tokens.symbol, 1 + toUInt64(600 / (id + 1)) as inflow_count, 1 + toUInt64(500 / (id + 1)), inflow_count * 2,
    concat(toString(toUInt64(inflow)), '000000000000000000'), concat(toString(toUInt64(outflow)), '000000000000000000'), concat(toString(toInt64(inflow - outflow)), '000000000000000000'),
    pow(10, 6 * (sipHash64(id, {date:Date}, rank) / pow(2, 64))) as inflow, pow(10, 6 * (sipHash64({date:Date}, id, rank) / pow(2, 64))) as outflow, inflow - outflow,
    if(rank < 350, inflow, null), if(rank < 350, outflow, null), if(rank < 350, inflow - outflow, null)
from
(
    select
        if(number < 20000, intDiv(number, 20), 1000 + (toUInt64(number) * 7919 + toUInt32({date:Date}) * 104729) % ({addresses:UInt32} - 1000)) as id,
        if(number < 20000, number % 20, toUInt32(pow({tokens:UInt32}, sipHash64(id) / pow(2, 64))) - 1) as rank
    from numbers({active:UInt32})
) as held
inner join made.tokens as tokens using (rank);

insert into marts.address_transfers_daily (block_date, chain, address, block_timestamp, block_number, log_index, direction, counterparty_address, token_address, symbol, transfer_type, tx_hash, amount, amount_usd, is_self_transfer, is_spam, finality)
with (n -> concat('0x', lower(hex(sipHash128(n))), lower(hex(toUInt32(sipHash64(n, 1)))))) as address_of
select
    {date:Date}, tokens.chain, tupleElement(side, 1) as address, toDateTime({date:Date}, 'UTC') + intDiv(number * 86400, greatest({transfers:UInt32}, 1)) as block_timestamp,
    intDiv(toUnixTimestamp(block_timestamp), 12), number % 389, tupleElement(side, 3), tupleElement(side, 2), tokens.token_address, tokens.symbol, 'transfer',
    concat('0x', lower(hex(sipHash128(number, {date:Date}))), lower(hex(sipHash128({date:Date}, number)))), amount, if(tokens.rank < 350, amount, null), false, false, 'finalized'
from
(
    select
        number, toUInt32(pow({tokens:UInt32}, sipHash64(number, {date:Date}) / pow(2, 64))) - 1 as rank, pow(10, 6 * (sipHash64({date:Date}, number) / pow(2, 64))) as amount,
        address_of(toUInt64(pow({addresses:UInt32}, sipHash64(number, {date:Date}, 1) / pow(2, 64)))) as sender,
        address_of(toUInt64(pow({addresses:UInt32}, sipHash64(number, {date:Date}, 2) / pow(2, 64)))) as receiver
    from numbers({transfers:UInt32})
) as moved
array join [(sender, receiver, 'out'), (receiver, sender, 'in')] as side
inner join made.tokens as tokens using (rank);

-- The thousand busiest are judged.
insert into meta.metric_bands (entity_type, chain, entity_id, symbol, metric, date, value, expected, lower, upper, severity, run_id, judged_at)
with (n -> concat('0x', lower(hex(sipHash128(n))), lower(hex(toUInt32(sipHash64(n, 1)))))) as address_of
select
    'address', flows.chain, address, null, 'net_flow_usd', block_date, coalesce(net_flow_usd, 0) as net_flow, net_flow * 0.9, -3e5, 3e5,
    if(sipHash64(address, block_date) % 33 = 0, ['low', 'medium', 'high', 'critical'][1 + sipHash64(block_date, address) % 4], null), 'made', toDateTime64(block_date + 1, 3, 'UTC')
from marts.address_flows_daily as flows
where block_date = {date:Date} and address in (select address_of(number) from numbers(1000))
