{#- Stop with what to do when the warehouse has not got the tables that the models read. -#}
{% macro require_migrations() -%}
    {%- if execute and flags.WHICH in ('build', 'run', 'test', 'seed', 'show') -%}
        {%- set found = run_query(
            "select count() as tables from system.tables where database in ('raw', 'meta') and name in ('blocks', 'canonical_blocks', 'built_days')") -%}
        {%- if found.rows[0].tables < 3 -%}
            {{ exceptions.raise_compiler_error(
                'This warehouse has no raw and meta tables yet. Say `oracul warehouse migrate` first, then land '
                ~ 'something with `oracul ingest chain` or `make demo`.') }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
