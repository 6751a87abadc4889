create table if not exists raw.token_metadata
(
    chain            LowCardinality(String) comment 'chain slug',
    token_address    String codec(ZSTD),
    block_number     UInt64 comment 'the block the calls were made at' codec(ZSTD),
    name             Nullable(String) comment 'decoded; NULL where it could not be' codec(ZSTD),
    symbol           Nullable(String) comment 'decoded; NULL where it could not be' codec(ZSTD),
    decimals         Nullable(UInt8) comment 'never defaulted: NULL = the contract does not say' codec(ZSTD),
    total_supply_raw Nullable(UInt256) codec(ZSTD),
    name_hex         String comment 'the node''s answer as it came' codec(ZSTD),
    symbol_hex       String comment 'the node''s answer as it came' codec(ZSTD),
    decode_status    LowCardinality(String) comment 'string, bytes32, non_utf8, reverted or no_code',
    source           LowCardinality(String) comment 'name of the endpoint',
    ingested_at      DateTime64(3, 'UTC') codec(Delta, ZSTD)
)
engine = ReplacingMergeTree(ingested_at)
order by (chain, token_address, block_number)
settings fsync_after_insert = 1, fsync_part_directory = 1
comment 'Snapshots of what token contracts say of themselves';

create table if not exists raw.prices_spot
(
    asset       LowCardinality(String) comment 'canonical asset id, or chain:address of a token without one',
    symbol      LowCardinality(String),
    quote       LowCardinality(String) comment 'always usd',
    price       Float64 comment 'quote units for one whole unit of the asset',
    observed_at DateTime64(3, 'UTC') comment 'the instant the source says the price is of' codec(Delta, ZSTD),
    source      LowCardinality(String),
    ingested_at DateTime64(3, 'UTC') codec(Delta, ZSTD)
)
engine = ReplacingMergeTree(ingested_at)
partition by toYYYYMM(observed_at)
order by (asset, source, observed_at)
settings fsync_after_insert = 1, fsync_part_directory = 1
comment 'Accepted observations, one row a source and instant; refused ones are in meta.rejected_rows';
