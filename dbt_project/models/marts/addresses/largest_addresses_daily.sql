-- grain: one of the 200 largest addresses of a chain and UTC day
-- Lists of addresses to choose from are made of it: all addresses of some weeks would be too many.
{{ config(order_by='(chain, address_rank)', settings={'index_granularity': 1024}) }}

with

ranked as (
    select
        block_date,
        chain,
        address,
        tx_count,
        inflow_usd,
        outflow_usd,
        coalesce(inflow_usd, 0) + coalesce(outflow_usd, 0) as moved_usd,
        row_number() over (
            partition by block_date, chain
            order by
                coalesce(inflow_usd, 0) + coalesce(outflow_usd, 0) desc, tx_count desc, address asc
        ) as address_rank
    from {{ ref('address_flows_daily') }}
    where {{ in_days(['address_flows_daily']) }}
)

select
    block_date,
    chain,
    address,
    toUInt16(ranked.address_rank) as address_rank,
    tx_count,
    inflow_usd,
    outflow_usd,
    moved_usd
from ranked
where ranked.address_rank <= 200
