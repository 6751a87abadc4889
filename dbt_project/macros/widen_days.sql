{#- Days (ISO text) with those before each that a model also reads; whole weeks for a model by week. -#}
{% macro widen_days(days, before) -%}
    {%- set after = 6 if config.get('period', 'day') == 'week' else 0 -%}
    {%- set wide = [] -%}
    {%- for day in days -%}
        {%- set start = modules.datetime.date.fromisoformat(day) -%}
        {%- for offset in range(-before, after + 1) -%}
            {%- do wide.append((start + modules.datetime.timedelta(days=offset)).isoformat()) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(wide | unique | sort | list) }}
{%- endmacro %}
