-- grain: one asset and hour with a served price
{{ config(order_by='(asset, price_hour)', partition_by='toStartOfMonth(price_date)') }}

with

last_words as (
    select
        asset,
        price_hour,
        source,
        argMax(price_usd, observed_at) as source_price_usd,
        max(observed_at) as source_observed_at
    from {{ ref('stg_prices__spot') }}
    where {{ in_days(
        ['price_observations'], column='price_date', lookback_days=price_carry_days()
    ) }}
    group by asset, price_hour, source
),

hours as (
    select
        asset,
        price_hour as observed_hour,
        groupArray(source_price_usd) as said,
        arrayReduce('quantileExactInclusive(0.5)', said) as middle,
        arrayFilter(
            price -> abs(price / middle - 1) <= {{ var('price_band_ratio') }}, said
        ) as kept,
        length(said) - length(kept) as outlier_count,
        max(source_observed_at) as observed_at
    from last_words
    group by asset, observed_hour
),

agreed as (
    select
        asset,
        observed_hour,
        observed_at,
        outlier_count,
        length(kept) as source_count,
        arrayReduce('quantileExactInclusive(0.5)', kept) as price_usd,
        (arrayMax(kept) - arrayMin(kept)) / price_usd as deviation_ratio,
        leadInFrame(observed_hour, 1, toDateTime('2106-01-01 00:00:00', 'UTC')) over (
            partition by asset order by observed_hour
            rows between unbounded preceding and unbounded following
        ) as next_observed_hour
    from hours
    where notEmpty(kept)
),

-- A price is served until the next one, at most as many hours as it may be carried.
served as (
    select
        *,
        arrayJoin(range(toUInt32(least(
            dateDiff('hour', observed_hour, next_observed_hour), {{ var('price_carry_hours') }} + 1
        )))) as age_hours
    from agreed
)

select
    asset,
    observed_hour + toIntervalHour(age_hours) as price_hour,
    toDate(price_hour) as price_date,
    price_usd,
    toUInt16(source_count) as source_count,
    toUInt16(outlier_count) as outlier_count,
    deviation_ratio,
    observed_at,
    toUInt16(age_hours) as age_hours,
    cast(age_hours >= {{ var('price_stale_hours') }}, 'Bool') as is_stale
from served
where {{ in_days(column='price_date') }}
