{#- Build days beside the table, then put them in place, one atomic partition each. A day that the
    inputs no longer have is dropped. -#}
{% macro replace_days(target_relation, rows, gone, sql) -%}
    {%- set beside = target_relation.incorporate(
        path={'identifier': target_relation.identifier ~ '__dbt_days' ~ build_suffix()}) -%}
    {%- for days in day_batches(rows) + ([gone] if gone else []) -%}
        {%- call statement('create_beside') -%}create table {{ beside }} {{ on_cluster_clause(beside) }} as {{ target_relation }}{%- endcall -%}
        {%- if days != gone -%}{%- do insert_days(beside, keep_days(sql, days)) -%}{%- endif -%}
        {%- do swap_days(target_relation, beside, days) -%}
        {%- do adapter.drop_relation(beside) -%}
    {%- endfor -%}
{%- endmacro %}
