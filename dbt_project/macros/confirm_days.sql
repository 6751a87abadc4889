{#- Write into meta.built_days that days are still what their inputs say, where one of these was built anew and
    came out the same: else they would seem to wait for a build. -#}
{% macro confirm_days(relation, inputs, days, began_at) -%}
    {%- set sources = [] -%}
    {%- for input in inputs -%}
        {%- for name in day_input_models(input) -%}
            {%- do sources.append(model_relation(name).schema ~ '.' ~ model_relation(name).identifier) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- if days and sources -%}
        {%- call statement('confirm_days') -%}
            insert into {{ own_ledger() }} (model, block_date, input_version, code_version, began_at, built_at)
            select
                model, own.block_date, input_version, code_version, toDateTime64('{{ began_at }}', 3, 'UTC'), now64(3, 'UTC')
            from (select * from {{ ledger() }} where {{ is_booked(relation) }}) as own
            inner join (
                select block_date, max(built_at) as source_built_at
                from {{ ledger() }}
                where model in ('{{ sources | join("', '") }}')
                group by block_date
            ) as source on own.block_date = source.block_date
            where own.began_at < source_built_at and own.block_date in ('{{ days | join("', '") }}')
        {%- endcall -%}
    {%- endif -%}
{%- endmacro %}
