-- One row: bytes received for blocks of a chain on the last 30 days that were counted, and the
-- blocks that landed on these days.
with
days as (
    select day, sum(bytes) as received
    from meta.rpc_usage final
    where chain = {chain:String} and flow in ('ingest_chain', 'backfill')
    group by day
    order by day desc
    limit 30
)

select
    (select sum(received) from days) as received_bytes,
    count() as blocks
from raw.blocks final
where chain = {chain:String} and toDate(ingested_at, 'UTC') in (select day from days)
