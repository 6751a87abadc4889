{#- Share of the first so many of the volumes in an array that is sorted, largest first; NULL when all are zero. -#}
{% macro top_ratio(volumes, count) -%}
    {{ ratio('arraySum(arraySlice(' ~ volumes ~ ', 1, ' ~ count ~ '))', 'arraySum(' ~ volumes ~ ')') }}
{%- endmacro %}
