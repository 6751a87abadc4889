{#- Replace each day's partition by that of the table beside, or drop it where that has no row of the day. The
    rows are read, so that a table beside that is lost is ClickHouse's error and never an empty day. -#}
{% macro swap_days(target_relation, beside, days) -%}
    {%- if not are_own_days(target_relation, days) -%}{%- do raise_other_build(target_relation) -%}{%- endif -%}
    {%- set full = run_query(
        'select distinct toString(' ~ config.get('partition_by') ~ ') as day from ' ~ beside
        ).rows | map(attribute='day') | list -%}
    {%- set commands = [] -%}
    {%- for day in days -%}
        {%- do commands.append("replace partition '" ~ day ~ "' from " ~ beside if day in full
            else "drop partition '" ~ day ~ "'") -%}
    {%- endfor -%}
    {%- call statement('swap_days') -%}
        alter table {{ target_relation }} {{ commands | join(', ') }}
    {%- endcall -%}
{%- endmacro %}
