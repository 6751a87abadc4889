-- grain: one accepted observation of one price source
select
    asset,
    source,
    observed_at,
    toStartOfHour(observed_at) as price_hour,
    toDate(observed_at) as price_date,
    symbol,
    price as price_usd,
    ingested_at
from {{ source('raw', 'prices_spot') }} final
where quote = 'usd'
