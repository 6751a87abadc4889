{#- Whether the days are still unbooked by this build (see book_days): another one that began on one of
    them has unbooked it in its own name. -#}
{% macro are_own_days(relation, days) -%}
    {%- set others -%}
        select count() as days from {{ ledger() }}
        where
            model = '{{ relation.schema }}.{{ relation.identifier }}'
            and block_date in ('{{ days | join("', '") }}')
            and (input_version != 0 or code_version != '{{ invocation_id }}')
    {%- endset -%}
    {{ return(not days or run_query(others).rows[0].days == 0) }}
{%- endmacro %}
