-- Steps (by chain), and the pause that nine of ten of their last 20 starts kept to the one before.
-- Telling people is left out.
with
runs as (
    select
        toString(step) as step_name,
        toString(chain) as chain_name,
        started_at,
        toString(status) as ended_as,
        dateDiff('second', lagInFrame(toNullable(started_at)) over by_start, started_at)
            as pause_seconds,
        row_number() over (partition by step, chain order by started_at desc) as recency
    from meta.pipeline_runs final
    where step != 'alert' and started_at > {now:DateTime64(3)} - interval 30 day
    window by_start as (
        partition by step, chain order by started_at
        rows between 1 preceding and current row
    )
)

select
    step_name,
    chain_name,
    count() as run_count,
    min(started_at) as first_at,
    max(started_at) as last_at,
    toFloat64(coalesce(quantileExactHighIf(0.9)(pause_seconds, recency <= 20), 0))
        as usual_pause_seconds,
    if(argMax(ended_as, started_at) = 'running', max(started_at), null) as running_since
from runs
group by step_name, chain_name
order by step_name, chain_name
