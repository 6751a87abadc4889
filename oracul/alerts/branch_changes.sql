-- Changes of branch of the last day, and halts below finality that no later round has got over.
with
rounds as (
    select chain, max(finished_at) as sound_at
    from meta.pipeline_runs final
    where step = 'ingest_chain' and status in ('done', 'degraded')
    group by chain
)

select
    toString(changes.chain) as chain_name,
    fork_block_number,
    depth,
    old_head_hash,
    old_version,
    toString(outcome) as came_out
from (select * from meta.reorgs final) as changes
left join rounds on changes.chain = rounds.chain
where (outcome = 'followed' and detected_at > {now:DateTime64(3)} - interval 1 day)
    or (outcome = 'halted' and coalesce(sound_at, toDateTime64(0, 3, 'UTC')) < detected_at)
order by chain_name, detected_at
