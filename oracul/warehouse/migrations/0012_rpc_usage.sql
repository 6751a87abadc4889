-- What was asked of whom, by day: providers bill by it, and quotas are held against it.
create table if not exists meta.rpc_usage
(
    day        Date comment 'UTC' codec(Delta, ZSTD),
    chain      LowCardinality(String) comment 'chain slug; empty for price sources',
    provider   LowCardinality(String) comment 'endpoint (its host) or price source, by name',
    flow       LowCardinality(String) comment 'ingest_chain, backfill, ingest_tokens, verify or ingest_prices',
    counter    String comment 'who counted: one run of a flow, while its connections were open' codec(ZSTD),
    requests   UInt64 comment 'HTTP requests that were sent' codec(ZSTD),
    calls      UInt64 comment 'JSON-RPC calls in them; for a price source as many as requests' codec(ZSTD),
    bytes      UInt64 comment 'of the bodies of answers, packed as they came' codec(ZSTD),
    failures   UInt64 comment 'tries that brought no answer, those that could not be sent among them' codec(ZSTD),
    counted_at DateTime64(6, 'UTC') comment 'the newest row of a counter counts' codec(Delta, ZSTD)
)
engine = ReplacingMergeTree(counted_at)
partition by toYYYYMM(day)
order by (day, chain, provider, flow, counter)
settings fsync_after_insert = 1, fsync_part_directory = 1
comment 'Requests by provider, chain and flow. Read it with FINAL, and sum';
