{#- Build all days into a new table and put it in the place of the old one. -#}
{% macro build_whole(target_relation, existing, rows, sql) -%}
    {%- set fresh = make_intermediate_relation(target_relation) -%}
    {%- set old = make_backup_relation(target_relation, 'table' if existing is none else existing.type) -%}
    {%- do clickhouse__create_empty_table(false, fresh, sql, config.get('contract').enforced) -%}
    {%- for days in day_batches(rows) -%}
        {%- do insert_days(fresh, keep_days(sql, days)) -%}
    {%- endfor -%}
    {%- if has_wide_partitions() -%}{%- do merge_parts(fresh) -%}{%- endif -%}
    {%- if existing is none -%}
        {%- do adapter.rename_relation(fresh, target_relation) -%}
    {%- elif existing.can_exchange and existing.type == 'table' -%}
        {%- do exchange_tables_atomic(fresh, target_relation) -%}
        {%- do adapter.drop_relation(fresh) -%}
    {%- else -%}
        {%- do adapter.rename_relation(existing, old) -%}
        {%- do adapter.rename_relation(fresh, target_relation) -%}
        {%- do adapter.drop_relation(old) -%}
    {%- endif -%}
{%- endmacro %}
