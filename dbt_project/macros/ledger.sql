{#- Booked days as a table expression. On the target `dev` also those of the published tables, which it reads
    where it has not built its own; a row names its schema, so that the two never meet. -#}
{% macro ledger() -%}
    {%- if own_ledger() == 'meta.built_days' -%}{{ return('meta.built_days final') }}{%- endif -%}
    {{ return('(select * from meta.built_days final union all select * from ' ~ own_ledger() ~ ' final)') }}
{%- endmacro %}
