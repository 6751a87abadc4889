{#- Canonical blocks of a chain and UTC day, by kind of rows and by what is known of them: as
    `oracul verify` found them, else as they landed. `is_by_day` keeps to the days being built. -#}
{% macro block_states(is_by_day) -%}
    {%- set days = in_days(['pointers', 'verifications'], by_block=true) if is_by_day else 'true' -%}
    {%- set looked_at -%}
        select
            pointers.chain as chain,
            pointers.block_date as block_date,
            -- Whoever reads without join_use_nulls finds '' and 1970 where nobody looked.
            if(verified.block_hash != '', verified.verified_at, null) as verified_at,
            isNotNull(nullIf(blocks.block_hash, '')) as is_landed,
            {{ named_states() }} as states
        from (select * from {{ ref('stg_meta__canonical_blocks') }} where {{ days }}) as pointers
        left join (select * from {{ ref('stg_evm__blocks') }} where {{ days }}) as blocks
            on
                pointers.chain = blocks.chain
                and pointers.block_number = blocks.block_number
                and pointers.block_hash = blocks.block_hash
        left join (
            select * from {{ ref('stg_meta__verified_blocks') }}
            {% if is_by_day -%}
            where (chain, block_number) in (
                select chain, block_number
                from {{ ref('stg_meta__canonical_blocks') }}
                where {{ days }}
            )
            {%- endif %}
        ) as verified
            on
                pointers.chain = verified.chain
                and pointers.block_number = verified.block_number
                and pointers.block_hash = verified.block_hash
    {%- endset -%}
    select
        chain,
        block_date,
        tupleElement(named_state, 1) as dataset,
        countIf(is_landed and tupleElement(named_state, 2) = 'proven') as proven_count,
        countIf(is_landed and tupleElement(named_state, 2) = 'partial') as partial_count,
        countIf(is_landed and tupleElement(named_state, 2) = 'broken') as broken_count,
        countIf(not is_landed) as missing_count,
        countIf(isNotNull(verified_at)) as verified_count,
        maxOrNull(verified_at) as last_verified_at
    from ({{ looked_at }})
    array join states as named_state
    group by chain, block_date, dataset
{%- endmacro %}
