{#- Write down which code the whole table was built with last, as a row of 2149-06-06
    (the last Date, on which no block can be; 1970-01-01 is the day of Ethereum's genesis). Days alone
    could not say: a build of new code that failed leaves the old table without any booked day. -#}
{% macro book_code(relation, code_version) -%}
    {%- call statement('book_code') -%}
        insert into {{ own_ledger() }} (model, block_date, input_version, code_version, built_at)
        values ('{{ relation.schema }}.{{ relation.identifier }}', '2149-06-06', 1, '{{ code_version }}', now64(3, 'UTC'))
    {%- endcall -%}
{%- endmacro %}
