{#- Materialization of tables that are rebuilt by whole days: exactly those whose inputs changed.

    The model's SQL must keep its inputs to `in_days(...)`; `partition_by` is its Date column, or toMonday or
    toStartOfMonth of it: a partition is a day, a week or a month, replaced atomically. `meta.built_days` says
    which version of the inputs a day was built from; a day is unbooked before it is touched and booked after,
    so that a build that fails or is killed only leaves days to build again; one that finds another build at the same days stops.
    A changed model rebuilds itself whole. -#}
{% materialization by_day, adapter='clickhouse' %}
    {%- if not config.get('day_inputs') -%}{%- do raise_no_day_inputs() -%}{%- endif -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set code_version = by_day_code_version(sql) -%}
    {{ run_hooks(pre_hooks) }}

    {%- set began_at = run_query("select toString(now64(3, 'UTC')) as instant").rows[0].instant -%}
    {%- set plan = run_query(day_plan(
        target_relation, config.get('day_inputs', []), config.get('period', 'day'))).rows -%}
    {%- set is_whole = should_full_refresh() or existing is none or existing.type != 'table'
        or booked_code(target_relation) != code_version -%}
    {%- set gone = plan | selectattr('plan_version', 'none') | map(attribute='plan_day') | list -%}
    {%- set stale = [] -%}
    {%- for row in plan if row.plan_version is not none and (is_whole or not row.is_same) -%}
        {%- do stale.append(row) -%}
    {%- endfor -%}

    {%- if is_whole -%}
        {%- do unbook_days(target_relation, plan | map(attribute='plan_day') | list) -%}
        {%- do build_whole(target_relation, existing, stale, sql) -%}
        {%- do book_code(target_relation, code_version) -%}
    {%- elif stale or gone -%}
        {%- do unbook_days(target_relation, gone + stale | map(attribute='plan_day') | list) -%}
        {%- do replace_days(target_relation, stale, gone, sql) -%}
    {%- endif -%}
    {%- do book_days(target_relation, stale, code_version, began_at) -%}
    {%- if not is_whole -%}
        {%- do confirm_days(target_relation, config.get('day_inputs', []),
            plan | selectattr('is_same') | map(attribute='plan_day') | list, began_at) -%}
    {%- endif -%}

    {%- if is_whole -%}{%- do persist_docs(target_relation, model) -%}{%- endif -%}
    {%- do apply_grants(target_relation, config.get('grants'), should_revoke=false) -%}
    {% call noop_statement('main', rows_affected=stale | length + gone | length, message=(stale | length) ~ ' of ' ~ (plan | length - gone | length)
        ~ ' days built' ~ (', ' ~ gone | length ~ ' dropped' if gone else '') ~ (', of the newest ' ~ var('dev_days') if target.name == 'dev' else '')) %}{{ sql }}{% endcall %}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
