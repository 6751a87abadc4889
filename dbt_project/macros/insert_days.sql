{#- Insert the rows of a model's SQL, columns matched by name. -#}
{% macro insert_days(relation, sql) -%}
    {%- set columns = adapter.get_columns_in_relation(relation) | map(attribute='quoted') | join(', ') -%}
    {%- call statement('insert_days') -%}
        insert into {{ relation }} ({{ columns }})
        select {{ columns }} from (
            {{ sql }}
        )
    {%- endcall -%}
{%- endmacro %}
