-- grain: one asset and UTC day that has a price or a refused observation
with

refusals as (
    select
        substring(row_key, 1, length(row_key) - position(reverse(row_key), '/')) as asset,
        toDate(
            parseDateTime64BestEffortOrNull(splitByChar('/', row_key)[-1], 3, 'UTC')
        ) as price_date,
        -- Prices that sources contradict each other about, not those that are merely late.
        match(reason_group, '^(alone|two sources|outside)') as is_contradicted,
        source,
        row_key
    from {{ ref('stg_meta__rejected_rows') }}
    where table_name = 'raw.prices_spot'
),

counted as (
    select
        asset,
        price_date,
        observed_hour_count,
        lone_hour_count,
        outlier_count,
        deviation_ratio_max,
        0 as refused_count,
        0 as contradicted_count
    from {{ ref('token_prices_daily') }}
    union all
    select
        asset,
        assumeNotNull(refusals.price_date) as price_date,
        0 as observed_hour_count,
        0 as lone_hour_count,
        0 as outlier_count,
        null as deviation_ratio_max,
        uniqExact(source, row_key) as refused_count,
        uniqExactIf(source, row_key, is_contradicted) as contradicted_count
    from refusals
    where isNotNull(refusals.price_date)
    group by asset, price_date
),

summed as (
    select
        asset,
        price_date,
        sum(counted.observed_hour_count) as observed_hour_count,
        sum(counted.lone_hour_count) as lone_hour_count,
        sum(counted.outlier_count) as outlier_count,
        max(counted.deviation_ratio_max) as deviation_ratio_max,
        sum(counted.refused_count) as refused_count,
        sum(counted.contradicted_count) as contradicted_count
    from counted
    group by asset, price_date
),

-- Most tokens are `unknown`: nobody ever told a price of them that was believed.
named as (
    select
        asset,
        argMin(symbols.symbol, (place, symbols.symbol)) as symbol
    from
        (
            select asset, toString(symbol) as symbol, 1 as place from {{ ref('ref_assets') }}
            union all
            select asset, toString(symbol) as symbol, 2 as place
            from {{ ref('tokens') }}
            where
                tokens.symbol != ''
                and (trust != 'unknown' or asset in (select asset from refusals))
        ) as symbols
    group by asset
)

select
    summed.price_date as price_date,
    summed.asset as asset,
    -- A view is read with the reader's settings: without join_use_nulls a missing symbol is ''.
    nullIf(named.symbol, '') as symbol,
    summed.observed_hour_count as observed_hour_count,
    summed.lone_hour_count as lone_hour_count,
    summed.outlier_count as outlier_count,
    summed.refused_count as refused_count,
    summed.contradicted_count as contradicted_count,
    summed.deviation_ratio_max as deviation_ratio_max
from summed
left join named on summed.asset = named.asset
