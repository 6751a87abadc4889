-- A branch that leaves, comes back and leaves again made three changes; the old key kept two.
create table if not exists meta.reorgs_told
(
    chain             LowCardinality(String),
    fork_block_number UInt64 comment 'the last block both branches share',
    depth             UInt64 comment 'blocks of the old branch that were replaced',
    old_head_hash     String comment 'highest block that was replaced, at fork_block_number + depth',
    new_head_hash     String comment 'block of the new branch at that height',
    detected_at       DateTime64(3, 'UTC'),
    outcome           LowCardinality(String) comment 'followed, or halted when below finality'
)
engine = ReplacingMergeTree
order by (chain, detected_at, old_head_hash)
settings fsync_after_insert = 1, fsync_part_directory = 1
comment 'One row a change of branch. Read it with FINAL';

insert into meta.reorgs_told
    (chain, fork_block_number, depth, old_head_hash, new_head_hash, detected_at, outcome)
select chain, fork_block_number, depth, old_head_hash, new_head_hash, detected_at, outcome
from meta.reorgs final;

drop table if exists meta.reorgs_before;

rename table meta.reorgs to meta.reorgs_before, meta.reorgs_told to meta.reorgs;

drop table meta.reorgs_before;
