{#- Replace each partition of the days by that of the table beside, or drop it where that has no row of it. The
    rows are read, so that a table beside that is lost is ClickHouse's error and never an empty day. -#}
{% macro swap_days(target_relation, beside, days) -%}
    {%- if has_wide_partitions() -%}
        {%- do copy_other_days(target_relation, beside, days) -%}
        {%- do merge_parts(beside) -%}
    {%- endif -%}
    {%- if not are_own_days(target_relation, days) -%}{%- do raise_other_build(target_relation) -%}{%- endif -%}
    {%- set full = run_query(
        'select distinct toString(' ~ config.get('partition_by') ~ ') as partition from ' ~ beside
        ).rows | map(attribute='partition') | list -%}
    {%- set commands = [] -%}
    {%- for partition in partitions_of(days) -%}
        {%- do commands.append("replace partition '" ~ partition ~ "' from " ~ beside if partition in full
            else "drop partition '" ~ partition ~ "'") -%}
    {%- endfor -%}
    {%- call statement('swap_days') -%}
        alter table {{ target_relation }} {{ commands | join(', ') }}
    {%- endcall -%}
{%- endmacro %}
