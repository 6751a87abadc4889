{#- Golden rows that a model does not have exactly so, of blocks that are landed. Values are compared as
    text, so that 256-bit numbers need no literals. -#}
{% macro golden_differences(golden, model, columns) -%}
    {%- set as_text -%}
        {%- for column in columns -%} toString({{ column }}){{ ', ' if not loop.last }} {%- endfor -%}
    {%- endset -%}
    select {{ columns | join(', ') }}
    from {{ golden }}
    where
        (chain, block_number) in (
            select chain, block_number from {{ ref('blocks') }}
            where block_number in (select block_number from {{ golden }})
        )
        and ({{ as_text }}) not in (
            select {{ as_text }} from {{ model }}
            where (chain, block_number) in (select chain, block_number from {{ golden }})
        )
{%- endmacro %}
