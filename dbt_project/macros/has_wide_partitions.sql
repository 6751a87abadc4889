{#- Whether a partition of this model is more than a day: a week or a month. -#}
{% macro has_wide_partitions() -%}
    {{ return(config.get('partition_by') != day_column(config.get('partition_by'))) }}
{%- endmacro %}
