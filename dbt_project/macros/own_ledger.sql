{#- Where this target books the days it has built. The target `dev` has a ledger of its own: nothing that a
    developer tries is in the one that publication, checks and coverage go by, and it goes with the schemas. -#}
{% macro own_ledger() -%}
    {{ return((schema_prefix() if target.name == 'dev' else '') ~ 'meta.built_days') }}
{%- endmacro %}
