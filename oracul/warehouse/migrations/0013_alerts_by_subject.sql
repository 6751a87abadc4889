-- An alert has an end, may be taken over by somebody, or be kept quiet for a while.
alter table meta.alerts
    add column if not exists subject         String default '' comment 'what it is about, the same each time it comes back; empty on rows from before it was kept',
    add column if not exists told_at         Nullable(DateTime64(3, 'UTC')) comment 'when the channel took it last; NULL = never',
    add column if not exists resolved_at     Nullable(DateTime64(3, 'UTC')) comment 'when it was found to be over',
    add column if not exists acknowledged_by String default '' comment 'who took it over';

alter table meta.alerts comment column channel 'console, webhook, or the name of a channel of the settings';

alter table meta.alerts comment column status 'sent, failed (tried again), held (comes and goes), silenced, acknowledged or resolved';

create table if not exists meta.alert_silences
(
    silence_id String,
    rule       String comment 'rule that is kept quiet; empty = all',
    subject    String comment 'pattern with * of the subjects that are; empty = all',
    reason     String,
    made_by    String,
    made_at    DateTime64(3, 'UTC'),
    until      DateTime64(3, 'UTC') comment 'set back when it is lifted',
    version    UInt64 comment 'the highest one counts'
)
engine = ReplacingMergeTree(version)
order by silence_id
settings fsync_after_insert = 1, fsync_part_directory = 1
comment 'What people do not want to be told for a while. Read it with FINAL';
