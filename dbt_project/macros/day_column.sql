{#- The Date column that a by_day model's partitions are made of: `block_date` of `toStartOfMonth(block_date)`. -#}
{% macro day_column(partition_by) -%}
    {%- set found = modules.re.fullmatch('(?:toMonday|toStartOfMonth)\\((\\w+)\\)|(\\w+)', partition_by | string) -%}
    {%- if not found -%}
        {{ exceptions.raise_compiler_error("partition_by of a by_day model is a Date column, or toMonday or toStartOfMonth of one: not '" ~ partition_by ~ "'.") }}
    {%- endif -%}
    {{ return(found.group(1) or found.group(2)) }}
{%- endmacro %}
