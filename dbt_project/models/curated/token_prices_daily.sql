-- grain: one asset and UTC day with a price that was not stale
{{ config(order_by='asset', partition_by='toStartOfMonth(price_date)') }}

select
    asset,
    price_date,
    argMin(price_usd, price_hour) as price_open_usd,
    max(price_usd) as price_high_usd,
    min(price_usd) as price_low_usd,
    argMax(price_usd, price_hour) as price_close_usd,
    toUInt8(count()) as hour_count,
    toUInt8(countIf(age_hours = 0)) as observed_hour_count,
    toUInt8(
        countIf(age_hours = 0 and source_count < {{ var('price_min_sources') }})
    ) as lone_hour_count,
    toUInt32(sumIf(prices.outlier_count, age_hours = 0)) as outlier_count,
    min(source_count) as source_count_min,
    max(deviation_ratio) as deviation_ratio_max
from {{ ref('token_prices_hourly') }} as prices
where {{ in_days(['token_prices_hourly'], column='price_date') }} and not is_stale
group by asset, price_date
