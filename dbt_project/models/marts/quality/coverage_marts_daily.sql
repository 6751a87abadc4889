-- grain: one UTC day that has curated rows of any chain, in tables by day
-- Built since their source was, waiting for their turn, or never built.
with

built as (
    select
        splitByChar('.', model)[1] as layer,
        splitByChar('.', model)[2] as name,
        block_date,
        began_at,
        built_at
    from {{ ref('stg_meta__built_days') }}
),

-- Marts of which each day is built by itself, and what they are made of.
mart_sources as (
    select
        tupleElement(pair, 1) as mart,
        tupleElement(pair, 2) as source
    from
        (
            select
                arrayJoin([
                    ('network_metrics_daily', 'blocks'),
                    ('network_metrics_hourly', 'blocks'),
                    ('ingest_lag_daily', 'blocks'),
                    ('token_metrics_daily', 'erc20_transfers'),
                    ('token_concentration_daily', 'erc20_transfers'),
                    ('largest_transfers_daily', 'erc20_transfers'),
                    ('address_flows_daily', 'erc20_transfers'),
                    ('address_token_flows_daily', 'erc20_transfers'),
                    ('address_transfers_daily', 'erc20_transfers'),
                    ('largest_addresses_daily', 'erc20_transfers')
                ]) as pair
        ) as pairs
)

select
    sources.block_date as block_date,
    countIf(own.began_at >= sources.built_at) as proven_count,
    countIf(own.name != '' and own.began_at < sources.built_at) as partial_count,
    toUInt64(count() - proven_count - partial_count) as missing_count
from mart_sources
inner join (select * from built where layer = 'curated') as sources
    on mart_sources.source = sources.name
left join (select * from built where layer = 'marts') as own
    on mart_sources.mart = own.name and sources.block_date = own.block_date
group by sources.block_date
