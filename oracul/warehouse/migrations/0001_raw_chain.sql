-- Facts of a chain as received and proven: append-only, content-addressed by block hash.
-- Readers join meta.canonical_blocks; nothing here is ever updated or deleted by a reorg.
create database if not exists raw comment 'facts as received, typed, append-only';

create table if not exists raw.blocks
(
    chain                    LowCardinality(String) comment 'chain slug',
    block_number             UInt64 comment 'height' codec(Delta, ZSTD),
    block_hash               String comment 'keccak of the header, 0x hex' codec(ZSTD),
    parent_hash              String comment 'hash of the block before' codec(ZSTD),
    block_timestamp          DateTime('UTC') comment 'the chain''s clock' codec(Delta, ZSTD),
    miner_address            LowCardinality(String) comment 'fee recipient',
    gas_limit                UInt64 codec(ZSTD),
    gas_used                 UInt64 codec(ZSTD),
    base_fee_per_gas_wei     Nullable(UInt256) comment 'NULL before London' codec(ZSTD),
    difficulty               UInt256 comment '0 after the Merge' codec(ZSTD),
    size                     Nullable(UInt64) comment 'bytes of the encoded block; NULL where the node does not say' codec(ZSTD),
    extra_data               String comment 'hex' codec(ZSTD),
    nonce                    String comment 'hex; proof of work' codec(ZSTD),
    mix_hash                 String comment 'hex; randomness after the Merge' codec(ZSTD),
    sha3_uncles              LowCardinality(String) comment 'hash of the list of uncles',
    transactions_root        String codec(ZSTD),
    receipts_root            String codec(ZSTD),
    state_root               String codec(ZSTD),
    logs_bloom               String comment 'hex, 2048 bits' codec(ZSTD(3)),
    withdrawals_root         Nullable(String) comment 'NULL before Shanghai' codec(ZSTD),
    blob_gas_used            Nullable(UInt64) comment 'NULL before Cancun' codec(ZSTD),
    excess_blob_gas          Nullable(UInt64) comment 'NULL before Cancun' codec(ZSTD),
    parent_beacon_block_root Nullable(String) comment 'NULL before Cancun' codec(ZSTD),
    requests_hash            Nullable(String) comment 'NULL before Prague' codec(ZSTD),
    transaction_count        UInt32 comment 'transactions the proof covered' codec(ZSTD),
    log_count                UInt32 comment 'logs the proof covered' codec(ZSTD),
    withdrawal_count         Nullable(UInt32) comment 'NULL where the chain has none or the node did not send them' codec(ZSTD),
    proof                    Array(LowCardinality(String)) comment 'what was proven: header, transactions, receipts, bloom, withdrawals',
    source                   LowCardinality(String) comment 'name of the endpoint, never its address',
    ingested_at              DateTime64(3, 'UTC') comment 'instant of landing' codec(Delta, ZSTD)
)
engine = ReplacingMergeTree(ingested_at)
partition by toYYYYMM(block_timestamp)
order by (chain, block_number, block_hash)
settings fsync_after_insert = 1, fsync_part_directory = 1
comment 'One row a block and branch; canonical ones are named by meta.canonical_blocks';

create table if not exists raw.transactions
(
    chain                        LowCardinality(String) comment 'chain slug',
    block_number                 UInt64 codec(Delta, ZSTD),
    block_hash                   String codec(ZSTD),
    tx_index                     UInt32 comment 'position in the block' codec(Delta, ZSTD),
    tx_hash                      String codec(ZSTD),
    block_timestamp              DateTime('UTC') codec(Delta, ZSTD),
    nonce                        UInt64 codec(ZSTD),
    from_address                 String comment 'sender' codec(ZSTD),
    to_address                   Nullable(String) comment 'NULL for a contract creation' codec(ZSTD),
    value_raw                    UInt256 comment 'wei' codec(ZSTD),
    gas_limit                    UInt64 codec(ZSTD),
    gas_price_wei                UInt256 comment 'as signed; for type 2 and later as the node states it' codec(ZSTD),
    max_fee_per_gas_wei          Nullable(UInt256) codec(ZSTD),
    max_priority_fee_per_gas_wei Nullable(UInt256) codec(ZSTD),
    max_fee_per_blob_gas_wei     Nullable(UInt256) codec(ZSTD),
    tx_type                      UInt8 comment 'EIP-2718 type; 126 = OP deposit' codec(ZSTD),
    input                        String comment 'call data, hex' codec(ZSTD(3)),
    is_success                   Nullable(Bool) comment 'NULL before Byzantium' codec(ZSTD),
    post_state_root              Nullable(String) comment 'only before Byzantium' codec(ZSTD),
    gas_used                     UInt64 codec(ZSTD),
    cumulative_gas_used          UInt64 codec(ZSTD),
    effective_gas_price_wei      UInt256 comment 'what was paid for one gas' codec(ZSTD),
    created_contract_address     Nullable(String) codec(ZSTD),
    blob_versioned_hashes        Array(String) codec(ZSTD),
    blob_gas_used                Nullable(UInt64) codec(ZSTD),
    blob_gas_price_wei           Nullable(UInt256) codec(ZSTD),
    l1_fee_wei                   Nullable(UInt256) comment 'rollups: fee for the data on layer 1, where the node sends it' codec(ZSTD),
    deposit_nonce                Nullable(UInt64) comment 'OP deposits: part of the receipt' codec(ZSTD),
    deposit_receipt_version      Nullable(UInt64) comment 'OP deposits: part of the receipt' codec(ZSTD),
    ingested_at                  DateTime64(3, 'UTC') codec(Delta, ZSTD)
)
engine = ReplacingMergeTree(ingested_at)
partition by toYYYYMM(block_timestamp)
order by (chain, block_number, block_hash, tx_index)
settings fsync_after_insert = 1, fsync_part_directory = 1
comment 'One row a transaction with its receipt';

create table if not exists raw.logs
(
    chain           LowCardinality(String) comment 'chain slug',
    block_number    UInt64 codec(Delta, ZSTD),
    block_hash      String codec(ZSTD),
    log_index       UInt32 comment 'position in the block' codec(Delta, ZSTD),
    tx_hash         String codec(ZSTD),
    tx_index        UInt32 codec(Delta, ZSTD),
    block_timestamp DateTime('UTC') codec(Delta, ZSTD),
    address         LowCardinality(String) comment 'contract that emitted it',
    topic0          LowCardinality(Nullable(String)) comment 'event signature; NULL for an anonymous log without topics',
    topic1          Nullable(String) codec(ZSTD),
    topic2          Nullable(String) codec(ZSTD),
    topic3          Nullable(String) codec(ZSTD),
    data            String comment 'hex, 0x when empty' codec(ZSTD(3)),
    ingested_at     DateTime64(3, 'UTC') codec(Delta, ZSTD)
)
engine = ReplacingMergeTree(ingested_at)
partition by toYYYYMM(block_timestamp)
order by (chain, block_number, block_hash, log_index)
settings fsync_after_insert = 1, fsync_part_directory = 1
comment 'One row an event log';

create table if not exists raw.withdrawals
(
    chain            LowCardinality(String) comment 'chain slug',
    block_number     UInt64 codec(Delta, ZSTD),
    block_hash       String codec(ZSTD),
    withdrawal_index UInt64 comment 'counted over the whole chain' codec(Delta, ZSTD),
    block_timestamp  DateTime('UTC') codec(Delta, ZSTD),
    validator_index  UInt64 codec(ZSTD),
    address          String comment 'receiver' codec(ZSTD),
    amount_gwei      UInt64 codec(ZSTD),
    ingested_at      DateTime64(3, 'UTC') codec(Delta, ZSTD)
)
engine = ReplacingMergeTree(ingested_at)
partition by toYYYYMM(block_timestamp)
order by (chain, block_number, block_hash, withdrawal_index)
settings fsync_after_insert = 1, fsync_part_directory = 1
comment 'One row a validator withdrawal';
