{#- No two rows share the key, and no part of it is NULL. -#}
{% test unique_key(model, columns) %}
    select {{ columns | join(', ') }}, count() as row_count
    from {{ model }}
    group by {{ columns | join(', ') }}
    having
        row_count > 1
        {%- for column in columns %}
        or isNull({{ column }})
        {%- endfor %}
{% endtest %}
