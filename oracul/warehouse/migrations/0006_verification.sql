-- What `oracul verify` needs to prove stored rows again, and what it found.
-- Rows that landed before have NULL here: transactionsRoot cannot be reproduced from them.
alter table raw.transactions
    add column if not exists signed_chain_id     Nullable(UInt64) comment 'EIP-155 id inside a typed transaction' codec(ZSTD),
    add column if not exists signature_v         Nullable(UInt64) comment 'v, or the parity of a typed transaction' codec(ZSTD),
    add column if not exists signature_r         Nullable(UInt256) codec(NONE),
    add column if not exists signature_s         Nullable(UInt256) codec(NONE),
    add column if not exists access_list         Nullable(String) comment 'JSON; NULL when there is none or it is empty' codec(ZSTD),
    add column if not exists authorization_list  Nullable(String) comment 'JSON; set-code transactions only' codec(ZSTD),
    add column if not exists deposit_source_hash Nullable(String) comment 'OP deposits only' codec(ZSTD),
    add column if not exists deposit_mint_wei    Nullable(UInt256) comment 'OP deposits only' codec(ZSTD),
    add column if not exists is_deposit_system   Nullable(Bool) comment 'OP deposits only' codec(ZSTD);

alter table raw.blocks
    add column if not exists rest_digest String default '' comment 'sha256 over what no root covers, as landed; empty on rows from before it was kept' codec(ZSTD);

create table if not exists meta.verified_blocks
(
    chain        LowCardinality(String) comment 'chain slug',
    block_number UInt64 codec(Delta, ZSTD),
    block_hash   String comment 'the branch that was looked at; another one at this height is not verified' codec(ZSTD),
    blocks       LowCardinality(String) comment 'header, links and branch: proven, partial or broken',
    transactions LowCardinality(String) comment 'proven = both roots reproduced from the stored rows; partial = receiptsRoot only',
    logs         LowCardinality(String) comment 'proven = receiptsRoot and logsBloom reproduced from the stored rows',
    withdrawals  LowCardinality(String) comment 'proven = withdrawalsRoot reproduced, or the header has none',
    faults       Array(String) comment 'what does not hold, each as check: reason' codec(ZSTD),
    run_id       String codec(ZSTD),
    verified_at  DateTime64(3, 'UTC') codec(Delta, ZSTD)
)
engine = ReplacingMergeTree(verified_at)
order by (chain, block_number)
settings fsync_after_insert = 1, fsync_part_directory = 1
comment 'What oracul verify last found of each block. Read it with FINAL, joined to the pointer by hash';
