-- Steps (by chain) whose newest ended run failed or degraded, and the run in which that began.
-- A step over all marts that went well ends the trouble of the same step over some of them
-- (`transform` that of `transform:tokens`). Telling people is left out: it would tell of itself.
with ended as (
    select
        toString(step) as step_name,
        toString(chain) as chain_name,
        run_id,
        started_at,
        toString(status) as ended_as,
        error,
        if(status = 'done', started_at, toDateTime64(0, 3, 'UTC')) as done_at,
        greatest(
            max(done_at) over (partition by step, chain),
            max(if(position(step, ':') = 0, done_at, toDateTime64(0, 3, 'UTC'))) over (
                partition by splitByChar(':', toString(step))[1], chain
            )
        ) as sound_at
    from meta.pipeline_runs final
    where status in ('done', 'degraded', 'failed') and step != 'alert'
)

select
    step_name,
    chain_name,
    argMax(ended_as, started_at) as last_status,
    argMax(error, started_at) as last_error,
    argMax(run_id, started_at) as last_run_id,
    argMin(run_id, started_at) as since
from ended
where started_at > sound_at
group by step_name, chain_name
order by step_name, chain_name
