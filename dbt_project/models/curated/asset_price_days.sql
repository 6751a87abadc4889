-- grain: one asset and UTC day that its observations can serve, carried ones with them
{{ config(materialized='table', order_by='(asset, price_date)', partition_by=none) }}

with

observed as (
    select
        asset,
        price_date as observed_date,
        sum(cityHash64(source, observed_at, price_usd)) as observed_version
    from {{ ref('stg_prices__spot') }}
    group by asset, observed_date
),

served as (
    select
        asset,
        observed_date + arrayJoin(range({{ price_carry_days() }} + 1)) as price_date,
        observed_date,
        observed_version
    from observed
)

select
    asset,
    price_date,
    max(observed_date) as last_observed_date,
    sum(cityHash64(observed_date, observed_version)) as served_version
from served
where
    price_date in (select observed_date from observed)
    or price_date in (select block_date from {{ ref('block_days') }})
group by asset, price_date
