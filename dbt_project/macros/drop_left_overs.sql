{#- Drop what a build that failed or was killed has left beside the table. -#}
{% macro drop_left_overs(target_relation) -%}
    {%- for left_over in [
        make_intermediate_relation(target_relation), make_backup_relation(target_relation, 'table'),
        target_relation.incorporate(path={'identifier': target_relation.identifier ~ '__dbt_days'})
    ] -%}
        {%- do drop_relation_if_exists(load_cached_relation(left_over)) -%}
    {%- endfor -%}
{%- endmacro %}
