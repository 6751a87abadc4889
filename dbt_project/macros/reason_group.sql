{#- The kind of reason that an answer was refused for, one of few: reasons hold numbers, and of nodes any text.
    What is told of blocks: extractors/evm/{proof,parse,lander}.py; of prices: extractors/prices/screen.py. -#}
{% macro reason_group(table, reason) -%}
    toLowCardinality(multiIf(
        {{ table }} = 'raw.prices_spot', if(
            match({{ reason }}, '^(not a finite number|not positive|of the future|stale|its source doubts it|alone in a jump|two sources disagree|outside the band)'),
            extract({{ reason }}, '^[a-z ]*[a-z]'), 'other'
        ),
        {{ table }} = 'raw.token_metadata', multiIf(
            startsWith({{ reason }}, 'NUL bytes'), 'NUL bytes in a text',
            endsWith({{ reason }}, 'bytes was cut'), 'text too long', 'other'
        ),
        {{ table }} = 'raw.blocks', multiIf(
            startsWith({{ reason }}, 'the node says: '), 'error of the node',
            startsWith({{ reason }}, 'does not link'), 'not linked to its neighbours',
            startsWith({{ reason }}, 'cannot be proven'), 'cannot be proven',
            match({{ reason }}, '^([a-z ]+ (does|do) not have (the|its) |withdrawals came|[0-9]+ receipts came)'),
            concat(extract({{ reason }}, '(header|transaction|receipt|log|withdrawal)'), 's not proven'),
            match({{ reason }}, '^(a|the) receipt|^a state-sync'), 'receipts contradict transactions',
            'malformed answer'
        ),
        'other'
    ))
{%- endmacro %}
