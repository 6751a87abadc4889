{#- Copy the rows of the days' partitions into the table beside, but for those of the days themselves. -#}
{% macro copy_other_days(target_relation, beside, days) -%}
    {%- call statement('copy_other_days') -%}
        insert into {{ beside }}
        select * from {{ target_relation }}
        where
            {{ config.get('partition_by') }} in ('{{ partitions_of(days) | join("', '") }}')
            and {{ day_column(config.get('partition_by')) }} not in ('{{ days | join("', '") }}')
    {%- endcall -%}
{%- endmacro %}
