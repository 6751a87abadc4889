-- grain: one token contract that was seen in a log, described by a node or curated
{{ config(materialized='table', order_by='(chain, token_address)', partition_by=none) }}

with

seen as (
    select chain, token_address, min(first_block_number) as first_seen_block
    from {{ ref('token_days') }}
    group by chain, token_address
),

answered as (
    select *
    from {{ ref('stg_evm__token_metadata') }}
    order by block_number desc, ingested_at desc
    limit 1 by chain, token_address
),

curated as (
    select * from {{ ref('ref_tokens') }}
),

priced as (
    select distinct asset from {{ ref('asset_price_days') }}
),

keys as (
    select chain, token_address from seen
    union distinct
    select chain, token_address from answered
    union distinct
    select chain, token_address from curated
),

described as (
    select
        keys.chain as chain,
        keys.token_address as token_address,
        coalesce(curated.symbol, answered.symbol) as symbol,
        coalesce(curated.name, answered.name) as name,
        coalesce(curated.decimals, answered.decimals) as decimals,
        multiIf(
            isNotNull(curated.decimals), 'curated', isNotNull(answered.decimals), 'node', null
        ) as decimals_source,
        coalesce(
            nullIf(toString(curated.asset), ''), concat(keys.chain, ':', keys.token_address)
        ) as asset,
        coalesce(curated.is_stablecoin, false) as is_stablecoin,
        coalesce(
            curated.is_wrapped_native, chains.wrapped_native_address = keys.token_address, false
        ) as is_wrapped_native,
        coalesce(curated.is_rebasing, false) as is_rebasing,
        curated.trust as curated_trust,
        if(
            isNull(curated.trust), {{ spam_reason('answered.symbol', 'answered.name') }}, null
        ) as spam_reason,
        seen.first_seen_block as first_seen_block
    from keys
    left join curated using (chain, token_address)
    left join answered using (chain, token_address)
    left join seen using (chain, token_address)
    left join {{ ref('ref_chains') }} as chains using (chain)
),

trusted as (
    select
        described.*,
        multiIf(
            isNotNull(curated_trust), toString(assumeNotNull(curated_trust)),
            isNotNull(spam_reason), 'spam',
            isNotNull(priced.asset), 'priced',
            'unknown'
        ) as trust
    from described
    left join priced on described.asset = priced.asset
)

select
    chain,
    token_address,
    symbol,
    name,
    decimals,
    decimals_source,
    asset,
    toLowCardinality(trust) as trust,
    spam_reason,
    cast(is_stablecoin, 'Bool') as is_stablecoin,
    cast(is_wrapped_native, 'Bool') as is_wrapped_native,
    cast(is_rebasing, 'Bool') as is_rebasing,
    first_seen_block,
    cityHash64(toString(tuple(
        symbol, decimals, asset, trust, is_stablecoin, is_wrapped_native, is_rebasing
    ))) as label_version
from trusted
