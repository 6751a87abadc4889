{#- Why an amount has no trustworthy value in US dollars, or NULL when it has one. The first that holds
    counts. Wants the columns trust, amount, price_usd, is_stale, source_count. -#}
{% macro usd_exclusion_reason() -%}
    multiIf(
        trust = 'spam', 'spam',
        isNull(amount), 'no_decimals',
        isNull(price_usd), 'no_price',
        is_stale, 'stale_price',
        source_count < {{ var('price_min_sources') }}, 'lone_price',
        trust != 'curated' and amount * price_usd > {{ var('untrusted_usd_cap') }}, 'untrusted_above_cap',
        amount * price_usd > {{ var('implausible_usd_cap') }}, 'implausible',
        null
    )
{%- endmacro %}
