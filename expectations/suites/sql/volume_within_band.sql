select
    chain,
    max(block_date) as newest_day,
    avgIf(day_volume, block_date > newest - 7) as newest_week,
    avgIf(day_volume, block_date <= newest - 7 and block_date > newest - 35) as weeks_before
from
(
    select
        chain,
        block_date,
        sum(ifNull(volume_usd, 0)) as day_volume,
        max(block_date) over (partition by chain) as newest
    from {batch}
    group by chain, block_date
)
group by chain
having weeks_before > 0 and (newest_week > 20 * weeks_before or newest_week < weeks_before / 20)
