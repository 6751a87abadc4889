{#- The model's SQL with each in_days() condition narrowed to the given days (ISO text; Mondays of
    whole weeks for a model by week). -#}
{% macro keep_days(sql, days) -%}
    {%- set kept = namespace(sql=sql) -%}
    {%- set pattern = '\\(1 = 1 /\\* days of (\\w+), (\\d+) before(, by block)? \\*/\\)' -%}
    {%- if not modules.re.search(pattern, sql) -%}
        {{ exceptions.raise_compiler_error(
            model.name ~ ' is built by day but no input is kept to in_days(): it would read the whole history.') }}
    {%- endif -%}
    {%- for column, before, by_block in modules.re.findall(pattern, sql) -%}
        {%- set marker = '(1 = 1 /* days of ' ~ column ~ ', ' ~ before ~ ' before' ~ by_block ~ ' */)' -%}
        {%- set all_days = widen_days(days, before | int) -%}
        {%- set condition = column ~ " in ('" ~ all_days | join("', '") ~ "')" -%}
        {%- if by_block -%}
            {%- set condition = '(' ~ condition ~ ' and ' ~ block_ranges(all_days) ~ ')' -%}
        {%- endif -%}
        {%- set kept.sql = kept.sql | replace(marker, condition) -%}
    {%- endfor -%}
    {{ return(kept.sql) }}
{%- endmacro %}
