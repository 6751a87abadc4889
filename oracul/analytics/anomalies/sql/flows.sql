-- Daily net flows of the addresses asked for.
select
    block_date,
    chain,
    address as entity_id,
    toFloat64(net_flow_usd) as net_flow_usd
from marts.address_flows_daily
where
    block_date >= {first:Date} and block_date < {end:Date}
    and (chain, address) in {addresses:Array(Tuple(String, String))}
