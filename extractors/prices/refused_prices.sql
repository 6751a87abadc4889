-- Refused observations of some assets in [start, end), by source and key (asset/instant).
select distinct toString(source) as source_name, key
from meta.rejected_rows
where
    table = 'raw.prices_spot'
    and substring(key, 1, length(key) - position(reverse(key), '/')) in {assets:Array(String)}
    and parseDateTime64BestEffortOrNull(splitByChar('/', key)[-1], 6, 'UTC')
    >= {start:DateTime64(3, 'UTC')}
    and parseDateTime64BestEffortOrNull(splitByChar('/', key)[-1], 6, 'UTC')
    < {end:DateTime64(3, 'UTC')}
order by source_name, key
