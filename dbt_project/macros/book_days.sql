{#- Write days into meta.built_days: rows of the plan with their versions, or plain days as not built. -#}
{% macro book_days(relation, days, code_version, with_versions=false) -%}
    {%- if days -%}
        {%- set values -%}
            {%- for day in days -%}
                ('{{ relation.schema }}.{{ relation.identifier }}', '{{ day.plan_day if with_versions else day }}', {{ "'" ~ day.plan_version ~ "'" if with_versions else "'0'" }}, '{{ code_version }}')
                {{- ', ' if not loop.last }}
            {%- endfor -%}
        {%- endset -%}
        {%- call statement('book_days') -%}
            insert into meta.built_days (model, block_date, input_version, code_version, built_at)
            select model, toDate(day), toUInt64(version), code, now64(3, 'UTC')
            from values('model String, day String, version String, code String', {{ values }})
        {%- endcall -%}
    {%- endif -%}
{%- endmacro %}
