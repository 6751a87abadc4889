select chain, block_date, address, inflow_usd, outflow_usd, net_flow_usd
from {batch}
where
    :fresh_days
    and (
        ifNull(inflow_usd, 0) < 0
        or ifNull(outflow_usd, 0) < 0
        or abs(net_flow_usd - (ifNull(inflow_usd, 0) - ifNull(outflow_usd, 0)))
            > 0.01 + 1e-9 * (ifNull(inflow_usd, 0) + ifNull(outflow_usd, 0))
    )
