{#- Why a token's own words look like bait: `url`, `markup`, `bait`, `disguise`, or NULL.
    Disguise = letters that look like Latin ones but are not, or invisible ones. -#}
{% macro spam_reason(symbol, name) -%}
    {%- set words -%} lower(concat(coalesce({{ symbol }}, ''), ' ', coalesce({{ name }}, ''))) {%- endset -%}
    multiIf(
        match({{ words }}, '(https?:|www\\.|t\\.me/)')
        or match(lower(coalesce({{ symbol }}, '')), '\\.(com|org|net|io|xyz|app|site|gg|top|cc)\\b'), 'url',
        match({{ words }}, '(<[a-z/!]|&#|javascript:)'), 'markup',
        match({{ words }}, '\\b(claim|visit|airdrop|voucher|redeem|giveaway)\\b'), 'bait',
        match({{ words }}, '[\\x{200B}-\\x{200F}\\x{202A}-\\x{202E}\\x{2060}\\x{FEFF}\\x{00}-\\x{1F}]')
        or (match({{ words }}, '[a-z]') and match({{ words }}, '[\\p{Cyrillic}\\p{Greek}]')), 'disguise',
        null
    )
{%- endmacro %}
