-- The table has its turn once a day; a day of its source that waits longer was left out.
-- It is read from the ledger; the comment that follows is for Great Expectations, which wants its batch.
/* {batch} */
select
    :source as source,
    source.block_date as day,
    source.built_at as source_built_at,
    own.began_at as last_built_at
from
(select * from meta.built_days final where model = :source) as source
left join (select * from meta.built_days final where model = :table) as own
    on source.block_date = own.block_date
where
    source.block_date < '2149-06-06'
    and source.built_at < now64(3, 'UTC') - interval 26 hour
    and (
        own.began_at < source.built_at
        -- Unbooked and not built since: a build of it was killed.
        or (
            own.input_version = 0 and source.input_version != 0
            and own.built_at < now64(3, 'UTC') - interval 26 hour
        )
    )
settings join_use_nulls = 0
