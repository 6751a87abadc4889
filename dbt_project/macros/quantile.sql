{#- Quantile where a condition holds, linear between neighbours as numpy's; NULL when no row has a value. -#}
{% macro quantile(level, column, condition='true') -%}
    quantileExactInclusiveOrNullIf({{ level }})({{ column }}, {{ condition }})
{%- endmacro %}
