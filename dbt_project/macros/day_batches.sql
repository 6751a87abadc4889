{#- Cut rows of the plan into lists of days, small enough for one insert: by blocks for memory and
    by days for max_partitions_per_insert_block. -#}
{% macro day_batches(rows) -%}
    {%- set batches = [] -%}
    {%- set state = namespace(days=[], blocks=0) -%}
    {%- for row in rows -%}
        {%- if state.days and (state.blocks + row.block_count > var('blocks_per_batch')
            or state.days | length >= var('days_per_batch')) -%}
            {%- do batches.append(state.days) -%}
            {%- set state.days = [] -%}
            {%- set state.blocks = 0 -%}
        {%- endif -%}
        {%- set state.days = state.days + [row.plan_day] -%}
        {%- set state.blocks = state.blocks + row.block_count -%}
    {%- endfor -%}
    {%- if state.days -%}{%- do batches.append(state.days) -%}{%- endif -%}
    {{ return(batches) }}
{%- endmacro %}
