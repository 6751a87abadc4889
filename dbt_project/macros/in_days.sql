{#- Condition that keeps the days being built. Put it on every input of a `by_day` model.

    inputs         what makes a day change: `pointers`, `pointers_before`, `verifications`, `token_labels`, `prices`,
                   `native_prices`, `price_observations` (see day_versions) or the name of another
                   `by_day` model; the first one says which days exist
    column         the input's Date column
    lookback_days  days before each one that are read too
    by_block       also keep to the days' block ranges, so that raw tables are read by key

    Compiled it is a constant (the whole history); the materialization puts the days in its place. -#}
{% macro in_days(inputs=[], column='block_date', lookback_days=0, by_block=false) -%}
    {%- for input in inputs -%}
        {%- for model in day_input_models(input) -%}{%- do ref(model) -%}{%- endfor -%}
    {%- endfor -%}
    {%- if inputs -%}{%- do config(day_inputs=inputs) -%}{%- endif -%}
    (1 = 1 /* days of {{ column }}, {{ lookback_days }} before{{ ', by block' if by_block }} */)
{%- endmacro %}
