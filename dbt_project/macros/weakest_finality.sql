{#- The least final of a group's blocks: one `latest` block makes the group `latest`. Name the column with its
    table: an alias of the same name would be taken instead. -#}
{% macro weakest_finality(column) -%}
    multiIf(countIf({{ column }} = 'latest') > 0, 'latest', countIf({{ column }} = 'safe') > 0, 'safe', 'finalized')
{%- endmacro %}
