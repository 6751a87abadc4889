{#- The partitions of this model that days (ISO text) are in: the days themselves, or their months. -#}
{% macro partitions_of(days) -%}
    {%- if not has_months() -%}{{ return(days) }}{%- endif -%}
    {%- set months = [] -%}
    {%- for day in days -%}{%- do months.append(day[:7] ~ '-01') -%}{%- endfor -%}
    {{ return(months | unique | list) }}
{%- endmacro %}
