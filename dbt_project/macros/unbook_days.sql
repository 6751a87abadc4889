{#- Write into meta.built_days that this build begins on the days: until they are booked they are not built. -#}
{% macro unbook_days(relation, days) -%}
    {%- for name, dates in claims_of(relation, days) if dates -%}
        {%- call statement('unbook_days') -%}
            insert into {{ own_ledger() }} (model, block_date, input_version, code_version, built_at)
            select '{{ name }}', toDate(day), 0, '{{ invocation_id }}', now64(3, 'UTC')
            from values('day String', '{{ dates | join("', '") }}')
        {%- endcall -%}
    {%- endfor -%}
{%- endmacro %}
