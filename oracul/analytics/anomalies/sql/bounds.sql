-- The first and the last day with anything to judge; no row when the marts are empty.
select min(block_date), max(block_date)
from
(
    select block_date from marts.token_metrics_daily
    union all
    select block_date from marts.address_flows_daily
)
having count() > 0
