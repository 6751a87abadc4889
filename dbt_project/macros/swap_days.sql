{#- Replace each day's partition by that of the table beside, or drop it where that has none. -#}
{% macro swap_days(target_relation, beside, days) -%}
    {%- set full = [] -%}
    {%- if beside is not none -%}
        {%- set filled -%}
            select distinct partition from system.parts
            where active and database = '{{ beside.schema }}' and table = '{{ beside.identifier }}'
        {%- endset -%}
        {%- set full = run_query(filled).rows | map(attribute='partition') | list -%}
    {%- endif -%}
    {%- set commands = [] -%}
    {%- for day in days -%}
        {%- do commands.append("replace partition '" ~ day ~ "' from " ~ beside if day in full
            else "drop partition '" ~ day ~ "'") -%}
    {%- endfor -%}
    {%- call statement('swap_days') -%}
        alter table {{ target_relation }} {{ commands | join(', ') }}
    {%- endcall -%}
{%- endmacro %}
