-- Hours of a list that landed or were refused, by source and asset. Where all are there (the usual
-- case) only their number is told, so that a run without news reads next to nothing.
with cells as (
    select
        toString(source) as source_name,
        toString(asset) as asset_id,
        toUInt32(toUnixTimestamp(toStartOfHour(observed_at))) as hour_start
    from raw.prices_spot
    where
        asset in {assets:Array(String)}
        and observed_at >= {start:DateTime64(3, 'UTC')}
        and observed_at < {end:DateTime64(3, 'UTC')}
    union all
    select
        toString(source) as source_name,
        substring(key, 1, length(key) - position(reverse(key), '/')) as asset_id,
        toUInt32(
            toUnixTimestamp(
                toStartOfHour(parseDateTime64BestEffortOrNull(splitByChar('/', key)[-1], 6, 'UTC'))
            )
        ) as hour_start
    from meta.rejected_rows
    where table = 'raw.prices_spot' and asset_id in {assets:Array(String)}
)

select
    source_name,
    asset_id,
    uniqExact(hour_start) as hour_count,
    if(
        uniqExact(hour_start) < {wanted_count:UInt32}, groupUniqArray(hour_start), []
    ) as hour_starts
from cells
where hour_start in {hours:Array(UInt32)}
group by source_name, asset_id
order by source_name, asset_id
