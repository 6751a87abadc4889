-- Charts ask for one metric of one entity, on any chain: in this order its rows lie together. The table takes the
-- old one's place in two migrations of their own, so that each can be begun again wherever it was broken off.
create table if not exists meta.metric_bands__sorted
(
    entity_type LowCardinality(String) comment 'token or address',
    chain       LowCardinality(String) comment 'chain slug',
    entity_id   String comment 'token or account address' codec(ZSTD),
    symbol      LowCardinality(Nullable(String)) comment 'ticker of a token when it was judged; NULL where there is none',
    metric      LowCardinality(String) comment 'volume_usd, transfer_count, unique_addresses, price_return, net_flow_usd',
    date        Date comment 'UTC day that was judged' codec(Delta, ZSTD),
    value       Float64 comment 'what was observed' codec(ZSTD),
    expected    Float64 codec(ZSTD),
    lower       Float64 codec(ZSTD),
    upper       Float64 codec(ZSTD),
    severity    LowCardinality(Nullable(String)) comment 'of the anomaly that was told; NULL = none was',
    run_id      LowCardinality(String),
    judged_at   DateTime64(3, 'UTC') codec(Delta, ZSTD),
    is_deleted  UInt8 default 0 comment '1 once a later run over the same day no longer judges it; FINAL leaves it out'
)
engine = ReplacingMergeTree(judged_at, is_deleted)
partition by toYYYYMM(date)
order by (entity_type, metric, entity_id, chain, date)
settings index_granularity = 1024, fsync_after_insert = 1, fsync_part_directory = 1
comment 'The band each judged value was held against: that of the ensemble. Read it with FINAL';

insert into meta.metric_bands__sorted select * from meta.metric_bands;
