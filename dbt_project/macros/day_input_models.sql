{#- The models an input of `in_days` is computed from. -#}
{% macro day_input_models(input) -%}
    {%- set known = {
        'pointers': ['block_days'],
        'pointers_before': ['block_days'],
        'verifications': ['block_days', 'stg_meta__verified_blocks'],
        'token_labels': ['token_days', 'tokens'],
        'prices': ['token_days', 'tokens', 'asset_price_days', 'token_prices_hourly'],
        'native_prices': ['block_days', 'ref_chains', 'asset_price_days', 'token_prices_hourly'],
        'price_observations': ['block_days', 'asset_price_days'],
    } -%}
    {{ return(known.get(input, [input])) }}
{%- endmacro %}
