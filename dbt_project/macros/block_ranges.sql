{#- Condition on (chain, block_number) that holds for every canonical block of the days: raw tables are
    ordered by it, so a day is read without scanning its month. -#}
{% macro block_ranges(days) -%}
    {%- set ranges -%}
        select chain, min(first_block_number) as first_block, max(last_block_number) as last_block
        from {{ model_relation('block_days') }}
        where block_date in ('{{ days | join("', '") }}')
        group by chain
        order by chain
    {%- endset -%}
    {%- set conditions = [] -%}
    {%- for row in run_query(ranges).rows -%}
        {%- do conditions.append("chain = '" ~ row.chain ~ "' and block_number between "
            ~ row.first_block ~ ' and ' ~ row.last_block) -%}
    {%- endfor -%}
    {{ return('(' ~ (conditions | join(' or ') or '1 = 0') ~ ')') }}
{%- endmacro %}
