{#- Write into meta.built_days that this build begins on the days: until they are booked they are not built. -#}
{% macro unbook_days(relation, days) -%}
    {%- if days -%}
        {%- call statement('unbook_days') -%}
            insert into {{ own_ledger() }} (model, block_date, input_version, code_version, built_at)
            select '{{ relation.schema }}.{{ relation.identifier }}', toDate(day), 0, '{{ invocation_id }}', now64(3, 'UTC')
            from values('day String', '{{ days | join("', '") }}')
        {%- endcall -%}
    {%- endif -%}
{%- endmacro %}
