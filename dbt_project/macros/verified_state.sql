{#- What verification found of a dataset of a block; where nobody looked, whether it was proven when it landed. -#}
{% macro verified_state(dataset, was_proven) -%}
    coalesce(nullIf(verified.{{ dataset }}_state, ''), if({{ was_proven }}, 'proven', 'partial'))
{%- endmacro %}
