{#- End of the names of tables that only this build uses: two builds at once never touch each other's. -#}
{% macro build_suffix() -%}
    {{ return('_' ~ invocation_id[:8]) }}
{%- endmacro %}
