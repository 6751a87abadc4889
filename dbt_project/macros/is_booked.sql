{#- Condition on meta.built_days: the days that a relation was built for. (2149-06-06 is the row
    of its code, see book_code.) -#}
{% macro is_booked(relation) -%}
    model = '{{ relation.schema }}.{{ relation.identifier }}' and input_version != 0 and block_date < '2149-06-06'
{%- endmacro %}
