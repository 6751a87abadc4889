{#- Rows (day, version) of one input: a day's version changes exactly when something that a model
    reads of that day has changed. Versions of a day are summed over all rows, so order is free. -#}
{% macro day_versions(input) -%}
    {%- if input == 'pointers' -%}
        select block_date as day, cityHash64(chain, pointer_version) as version
        from {{ model_relation('block_days') }}
    {%- elif input == 'pointers_before' -%}
        select block_date + 1 as day, cityHash64('before', chain, last_block_number, last_block_timestamp) as version
        from {{ model_relation('block_days') }}
    {%- elif input == 'verifications' -%}
        select block_days.block_date as day, cityHash64('verified', verified.chain, verified.block_number, verified.verified_at) as version
        from {{ model_relation('stg_meta__verified_blocks') }} as verified
        asof inner join {{ model_relation('block_days') }} as block_days
            on verified.chain = block_days.chain and verified.block_number >= block_days.first_block_number
    {%- elif input == 'token_labels' -%}
        select token_days.block_date as day, cityHash64('token', chain, token_address, tokens.label_version) as version
        from {{ model_relation('token_days') }} as token_days
        inner join {{ model_relation('tokens') }} as tokens using (chain, token_address)
    {%- elif input == 'prices' -%}
        select token_days.block_date as day, cityHash64(chain, token_address, tokens.asset, price_days.served_version, {{ built_code('token_prices_hourly') }}) as version
        from {{ model_relation('token_days') }} as token_days
        inner join {{ model_relation('tokens') }} as tokens using (chain, token_address)
        inner join {{ model_relation('asset_price_days') }} as price_days
            on tokens.asset = price_days.asset and token_days.block_date = price_days.price_date
    {%- elif input == 'native_prices' -%}
        select block_days.block_date as day, cityHash64(chains.chain, price_days.served_version, {{ built_code('token_prices_hourly') }}) as version
        from {{ model_relation('block_days') }} as block_days
        inner join {{ model_relation('ref_chains') }} as chains using (chain)
        inner join {{ model_relation('asset_price_days') }} as price_days
            on chains.native_asset = price_days.asset and block_days.block_date = price_days.price_date
    {%- elif input == 'price_observations' -%}
        select price_date as day, cityHash64(asset, served_version) as version
        from {{ model_relation('asset_price_days') }}
    {%- else -%}
        {{ built_days(input) }}
    {%- endif -%}
{%- endmacro %}
