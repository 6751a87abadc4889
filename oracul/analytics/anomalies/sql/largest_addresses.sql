-- The addresses of each chain that moved most in a window, day under judgement included. The zero
-- address stands for mints and burns; it is nobody.
select chain, address
from marts.address_flows_daily
where
    block_date >= {first:Date} and block_date < {end:Date}
    and address != '0x0000000000000000000000000000000000000000'
group by chain, address
having count() >= {least_days:UInt32}
order by sum(ifNull(inflow_usd, 0) + ifNull(outflow_usd, 0)) desc, address
limit {most:UInt32} by chain
