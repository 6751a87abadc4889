{#- Whether this model's partitions are whole months. -#}
{% macro has_months() -%}
    {{ return(config.get('partition_by') != day_column(config.get('partition_by'))) }}
{%- endmacro %}
