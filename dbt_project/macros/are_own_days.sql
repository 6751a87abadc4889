{#- Whether the days, and the partitions they share with others, are still unbooked by this build (see
    book_days): another one that began on one of them has unbooked it in its own name. -#}
{% macro are_own_days(relation, days) -%}
    {%- set others -%}
        select count() as days from {{ ledger() }}
        where
            {% for name, dates in claims_of(relation, days) -%}
            {{ 'or ' if not loop.first }}(model = '{{ name }}' and block_date in ('{{ dates | join("', '") }}') and (input_version != 0 or code_version != '{{ invocation_id }}'))
            {%- endfor %}
    {%- endset -%}
    {{ return(not days or run_query(others).rows[0].days == 0) }}
{%- endmacro %}
