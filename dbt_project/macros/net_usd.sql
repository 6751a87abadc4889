{#- Dollars in minus dollars out; NULL only when neither is known. -#}
{% macro net_usd(inflow, outflow) -%}
    if(isNull({{ inflow }}) and isNull({{ outflow }}), null, coalesce({{ inflow }}, 0) - coalesce({{ outflow }}, 0))
{%- endmacro %}
