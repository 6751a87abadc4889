{#- Sum of the squared shares of the volumes in an array: 1 = one has all, 1/n = n have the same; NULL when all
    are zero. Hirschman 1964, "The Paternity of an Index". -#}
{% macro herfindahl(volumes) -%}
    {{ ratio('arraySum(volume -> volume * volume, ' ~ volumes ~ ')', 'pow(arraySum(' ~ volumes ~ '), 2)') }}
{%- endmacro %}
