{#- Code that the whole table was built with last; none when it never was. -#}
{% macro booked_code(relation) -%}
    {%- set rows = run_query(
        "select code_version from " ~ ledger() ~ " where block_date = '2149-06-06' and model = '"
        ~ relation.schema ~ '.' ~ relation.identifier ~ "'").rows -%}
    {{ return(rows[0].code_version if rows | length else none) }}
{%- endmacro %}
