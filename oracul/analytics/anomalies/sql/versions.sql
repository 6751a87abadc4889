-- One row a day: a number that changes when anything that is judged of that day changes.
select
    block_date,
    sum(version) as version
from
(
    select
        block_date,
        cityHash64(toString(tuple(
            chain, token_address, symbol, trust, volume_usd, transfer_count, unique_addresses,
            price_close_usd
        ))) as version
    from marts.token_metrics_daily
    where block_date >= {first:Date} and block_date < {end:Date}
    union all
    select
        block_date,
        cityHash64(
            toString(tuple(chain, address, net_flow_usd, inflow_usd, outflow_usd))
        ) as version
    from marts.address_flows_daily
    where block_date >= {first:Date} and block_date < {end:Date}
)
group by block_date
