-- The ledger and the outcomes. Rooms hand over to each other through these tables.
create database if not exists meta comment 'ledger and outcomes of the pipeline';

create table if not exists meta.canonical_blocks
(
    chain           LowCardinality(String) comment 'chain slug',
    block_number    UInt64 codec(Delta, ZSTD),
    block_hash      String comment 'the branch that counts' codec(ZSTD),
    parent_hash     String codec(ZSTD),
    block_timestamp DateTime('UTC') codec(Delta, ZSTD),
    finality        LowCardinality(String) comment 'latest, safe or finalized',
    version         UInt64 comment 'the highest one counts; microseconds of the commit' codec(ZSTD),
    committed_at    DateTime64(3, 'UTC') codec(Delta, ZSTD)
)
engine = ReplacingMergeTree(version)
order by (chain, block_number)
settings fsync_after_insert = 1, fsync_part_directory = 1
comment 'The pointer: which block hash is canonical at a height. Read it with FINAL';

create table if not exists meta.reorgs
(
    chain             LowCardinality(String),
    fork_block_number UInt64 comment 'the last block both branches share',
    depth             UInt64 comment 'blocks of the old branch that were replaced',
    old_head_hash     String,
    new_head_hash     String,
    detected_at       DateTime64(3, 'UTC'),
    outcome           LowCardinality(String) comment 'followed, or halted when below finality'
)
engine = ReplacingMergeTree(detected_at)
order by (chain, fork_block_number, old_head_hash, new_head_hash)
settings fsync_after_insert = 1, fsync_part_directory = 1
comment 'One row a change of branch';

create table if not exists meta.rejected_rows
(
    source      LowCardinality(String) comment 'endpoint or price source, by name',
    table       LowCardinality(String) comment 'where it would have landed',
    key         String comment 'what it claimed to be: chain/block, asset/instant, …',
    reason      String comment 'why it was refused',
    payload     String comment 'the answer, cut to 4 KiB' codec(ZSTD(3)),
    rejected_at DateTime64(3, 'UTC')
)
engine = MergeTree
partition by toYYYYMM(rejected_at)
order by (table, source, rejected_at)
settings fsync_after_insert = 1, fsync_part_directory = 1
comment 'Answers that were not believed';

create table if not exists meta.pipeline_runs
(
    run_id      String comment 'one id for all steps of a run',
    step        LowCardinality(String) comment 'ingest_chain, ingest_prices, ingest_tokens, transform, validate, detect, alert',
    chain       LowCardinality(String) comment 'empty for steps over all chains',
    span        String comment 'what the step covered, half-open',
    started_at  DateTime64(3, 'UTC'),
    finished_at Nullable(DateTime64(3, 'UTC')),
    status      LowCardinality(String) comment 'running, done, degraded or failed',
    rows_in     UInt64,
    rows_out    UInt64,
    error       String,
    version     UInt64 comment 'the highest one counts'
)
engine = ReplacingMergeTree(version)
order by (run_id, step, chain, span)
settings fsync_after_insert = 1, fsync_part_directory = 1
comment 'What ran, when and how it ended. Read it with FINAL';

create table if not exists meta.data_quality_checks
(
    checked_at       DateTime64(3, 'UTC'),
    suite            LowCardinality(String),
    table            LowCardinality(String),
    check            String,
    severity         LowCardinality(String) comment 'critical or warning',
    status           LowCardinality(String) comment 'pass, warn or fail',
    observed         String,
    expected         String,
    unexpected_count UInt64,
    details          String,
    run_id           String
)
engine = ReplacingMergeTree(checked_at)
partition by toYYYYMM(checked_at)
order by (suite, table, check, run_id)
settings fsync_after_insert = 1, fsync_part_directory = 1
comment 'One row a check and run';

create table if not exists meta.anomalies
(
    entity_type LowCardinality(String) comment 'token or address',
    chain       LowCardinality(String),
    entity_id   String comment 'token or account address',
    metric      LowCardinality(String) comment 'volume_usd, transfer_count, unique_addresses, price_return, net_flow_usd',
    date        Date,
    method      LowCardinality(String) comment 'zscore, iqr, mad, stl, ets or ensemble',
    value       Float64,
    expected    Float64,
    lower       Float64,
    upper       Float64,
    score       Float64 comment 'distance from expected in robust standard deviations',
    severity    LowCardinality(String) comment 'low, medium, high or critical',
    explanation String comment 'one line for people',
    run_id      String,
    is_active   Bool default true comment 'false once a later run over the same day no longer finds it',
    detected_at DateTime64(3, 'UTC')
)
engine = ReplacingMergeTree(detected_at)
partition by toYYYYMM(date)
order by (entity_type, chain, entity_id, metric, date, method)
settings fsync_after_insert = 1, fsync_part_directory = 1
comment 'What was unusual. Read it with FINAL and is_active';

create table if not exists meta.alerts
(
    alert_id String comment 'stable, so that the same thing is told once',
    rule     LowCardinality(String),
    severity LowCardinality(String),
    title    String,
    body     String,
    channel  LowCardinality(String) comment 'console or webhook',
    status   LowCardinality(String) comment 'sent or failed',
    first_at DateTime64(3, 'UTC'),
    last_at  DateTime64(3, 'UTC'),
    count    UInt64
)
engine = ReplacingMergeTree(last_at)
order by (alert_id, channel)
settings fsync_after_insert = 1, fsync_part_directory = 1
comment 'What was told to whom. Read it with FINAL';

create table if not exists meta.built_days
(
    model         LowCardinality(String) comment 'table that was built, with its database',
    block_date    Date comment 'the day; Monday for a table by week; 1970-01-01 = the row of the whole table''s code',
    input_version UInt64 comment 'hash of the inputs the day was built from; 0 while it is being built and once it is gone',
    code_version  String comment 'hash of the compiled model; another one means a full rebuild',
    built_at      DateTime64(3, 'UTC')
)
engine = ReplacingMergeTree(built_at)
order by (model, block_date)
settings fsync_after_insert = 1, fsync_part_directory = 1
comment 'Which version of its inputs each day of a model was built from. Read it with FINAL';
