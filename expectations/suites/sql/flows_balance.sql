select
    flows.chain as chain_name,
    flows.block_date as day,
    flows.inflows as inflows,
    flows.outflows as outflows,
    source.transfers as transfers,
    flows.inflow as inflow_usd,
    flows.outflow as outflow_usd
from
(
    select
        toString(chain) as chain,
        block_date,
        sum(inflow_count) as inflows,
        sum(outflow_count) as outflows,
        sum(ifNull(inflow_usd, 0)) as inflow,
        sum(ifNull(outflow_usd, 0)) as outflow
    from {batch}
    where :fresh_days and not :waits_for(curated.erc20_transfers)
    group by chain, block_date
) as flows
full join
(
    select
        toString(chain) as chain,
        block_date,
        countIf(transfer_type in ('transfer', 'mint', 'burn')) as transfers
    from curated.erc20_transfers
    where :fresh_days and not :waits_for(curated.erc20_transfers)
    group by chain, block_date
    having transfers > 0
) as source on flows.chain = source.chain and flows.block_date = source.block_date
where
    ifNull(flows.inflows, 0) != ifNull(source.transfers, 0)
    or ifNull(flows.outflows, 0) != ifNull(source.transfers, 0)
    or abs(flows.inflow - flows.outflow) > 0.01 + 1e-6 * flows.inflow
