{#- The partitions of this model that days (ISO text) are in: the days themselves, their Mondays or their months. -#}
{% macro partitions_of(days) -%}
    {%- if not has_wide_partitions() -%}{{ return(days) }}{%- endif -%}
    {%- set firsts = [] -%}
    {%- for day in days -%}
        {%- set date = modules.datetime.date.fromisoformat(day) -%}
        {%- if 'toMonday' in config.get('partition_by') -%}
            {%- do firsts.append((date - modules.datetime.timedelta(days=date.weekday())).isoformat()) -%}
        {%- else -%}
            {%- do firsts.append(date.replace(day=1).isoformat()) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(firsts | unique | list) }}
{%- endmacro %}
