-- Marts are built and checked beside, then published; a node's word on its tip tells how late we are.
create database if not exists marts_next comment 'marts as built last, before door 2 lets them into marts (dbt)';

create table if not exists meta.chain_tips
(
    chain        LowCardinality(String) comment 'chain slug',
    block_number UInt64 comment 'highest block that the endpoints named' codec(Delta, ZSTD),
    safe         UInt64,
    finalized    UInt64,
    seen_at      DateTime64(3, 'UTC') codec(Delta, ZSTD)
)
engine = ReplacingMergeTree(seen_at)
order by chain
settings fsync_after_insert = 1, fsync_part_directory = 1
comment 'What the endpoints named as the tip of their chain when asked last. Read it with FINAL';
