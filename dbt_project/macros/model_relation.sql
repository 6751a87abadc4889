{#- Relation of a model or seed of this project, by name; for use while a materialization runs. -#}
{% macro model_relation(name) -%}
    {%- for node in graph.nodes.values() if node.name == name and node.resource_type in ('model', 'seed') -%}
        {{ return(api.Relation.create(schema=node.schema, identifier=node.alias)) }}
    {%- endfor -%}
    {{ exceptions.raise_compiler_error(
        model.name ~ ": in_days() names the input '" ~ name ~ "', which is neither a model nor one of "
        ~ "pointers, pointers_before, token_labels, prices, native_prices, price_observations.") }}
{%- endmacro %}
