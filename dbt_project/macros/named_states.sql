{#- Pairs (kind of rows, what is known of it) of a block: sides `blocks` and `verified` of a join. -#}
{% macro named_states() -%}
    arrayZip(
        ['blocks', 'transactions', 'logs', 'withdrawals'],
        [
            {{ verified_state('blocks', "has(blocks.proof, 'header')") }},
            {{ verified_state('transactions', "has(blocks.proof, 'transactions')") }},
            {{ verified_state('logs', "has(blocks.proof, 'receipts')") }},
            {{ verified_state(
                'withdrawals',
                "has(blocks.proof, 'withdrawals') or isNull(blocks.withdrawals_root) or blocks.withdrawal_count = 0"
            ) }}
        ]
    )
{%- endmacro %}
