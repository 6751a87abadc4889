-- Requests of today (UTC) by chain, all providers and flows together.
select toString(chain) as chain_name, sum(requests) as request_count
from meta.rpc_usage final
where day = toDate({now:DateTime64(3)}, 'UTC')
group by chain
order by chain_name
