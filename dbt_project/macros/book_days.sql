{#- Write into meta.built_days what days were built from (rows of the plan), read since `began_at`. When another
    build has begun on one of them meanwhile, nobody can say whose rows are in place: all are unbooked again. -#}
{% macro book_days(relation, rows, code_version, began_at) -%}
    {%- set days = rows | map(attribute='plan_day') | list -%}
    {%- if not are_own_days(relation, days) -%}
        {%- do unbook_days(relation, days) -%}
        {%- do raise_other_build(relation) -%}
    {%- endif -%}
    {%- if rows -%}
        {%- set values -%}
            {%- for row in rows -%}
                ('{{ row.plan_day }}', '{{ row.plan_version }}'){{ ', ' if not loop.last }}
            {%- endfor -%}
        {%- endset -%}
        {%- call statement('book_days') -%}
            insert into {{ own_ledger() }} (model, block_date, input_version, code_version, began_at, built_at)
            select
                '{{ relation.schema }}.{{ relation.identifier }}', toDate(day), toUInt64(version), '{{ code_version }}',
                toDateTime64('{{ began_at }}', 3, 'UTC'), now64(3, 'UTC')
            from values('day String, version String', {{ values }})
        {%- endcall -%}
    {%- endif -%}
{%- endmacro %}
