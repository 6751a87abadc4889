{#- The rows of a CTE (see usd_exclusion_reason for its columns; asset and block_timestamp besides) with the
    price of their hour, and why an amount has no value in US dollars. -#}
{% macro with_price(cte) -%}
    select
        {{ cte }}.*,
        prices.price_usd as price_usd,
        prices.is_stale as is_stale,
        prices.source_count as source_count,
        {{ usd_exclusion_reason() }} as usd_exclusion_reason
    from {{ cte }}
    left join (
        select * from {{ ref('token_prices_hourly') }} where {{ in_days(column='price_date') }}
    ) as prices
        on
            {{ cte }}.asset = prices.asset
            and toStartOfHour({{ cte }}.block_timestamp) = prices.price_hour
{%- endmacro %}
