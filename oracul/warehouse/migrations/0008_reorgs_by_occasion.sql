-- Two workers that follow the same change of branch at once told it twice: the instants differed.
create table if not exists meta.reorgs_by_occasion
(
    chain             LowCardinality(String),
    fork_block_number UInt64 comment 'the last block both branches share',
    depth             UInt64 comment 'blocks of the old branch that were replaced',
    old_head_hash     String comment 'highest block that was replaced, at fork_block_number + depth',
    new_head_hash     String comment 'block of the new branch at that height',
    old_version       UInt64 comment 'version of the pointer to the old head: names the occasion',
    detected_at       DateTime64(3, 'UTC'),
    outcome           LowCardinality(String) comment 'followed, or halted when below finality'
)
engine = ReplacingMergeTree
order by (chain, old_head_hash, old_version, outcome)
settings fsync_after_insert = 1, fsync_part_directory = 1
comment 'One row a change of branch. Read it with FINAL';

insert into meta.reorgs_by_occasion
    (chain, fork_block_number, depth, old_head_hash, new_head_hash, old_version, detected_at, outcome)
select
    chain, fork_block_number, depth, old_head_hash, new_head_hash,
    toUnixTimestamp64Micro(detected_at), detected_at, outcome
from meta.reorgs final;

drop table if exists meta.reorgs_told_before;

rename table meta.reorgs to meta.reorgs_told_before, meta.reorgs_by_occasion to meta.reorgs;

drop table meta.reorgs_told_before;
