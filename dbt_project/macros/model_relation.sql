{#- Relation of a model or seed of this project, by name; for use while a materialization runs. Where `ref` would
    lead to the published table (--defer), so does this. -#}
{% macro model_relation(name) -%}
    {%- for node in graph.nodes.values() if node.name == name and node.resource_type in ('model', 'seed') -%}
        {%- set published = node.defer_relation -%}
        {%- if published and ((flags.FAVOR_STATE and node.unique_id not in selected_resources)
            or not adapter.get_relation(database='', schema=node.schema, identifier=node.alias)) -%}
            {{ return(api.Relation.create(schema=published.schema, identifier=published.alias)) }}
        {%- endif -%}
        {{ return(api.Relation.create(schema=node.schema, identifier=node.alias)) }}
    {%- endfor -%}
    {{ exceptions.raise_compiler_error(
        model.name ~ ": in_days() names the input '" ~ name ~ "', which is neither a model nor one of "
        ~ "pointers, pointers_before, verifications, token_labels, prices, native_prices, price_observations.") }}
{%- endmacro %}
