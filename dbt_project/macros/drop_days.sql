{#- Drop the partitions of days that the inputs no longer have. -#}
{% macro drop_days(target_relation, days) -%}
    {%- if not are_own_days(target_relation, days) -%}{%- do raise_other_build(target_relation) -%}{%- endif -%}
    {%- set commands = [] -%}
    {%- for day in days -%}{%- do commands.append("drop partition '" ~ day ~ "'") -%}{%- endfor -%}
    {%- call statement('drop_days') -%}
        alter table {{ target_relation }} {{ commands | join(', ') }}
    {%- endcall -%}
{%- endmacro %}
