-- grain: one step, chain and UTC day on which runs of it began
select
    toDate(started_at) as started_date,
    step,
    chain,
    count() as run_count,
    countIf(status = 'done') as done_count,
    countIf(status = 'degraded') as degraded_count,
    countIf(status = 'failed') as failed_count,
    countIf(status = 'running') as running_count,
    {{ quantile(0.5, 'duration_seconds') }} as duration_median_seconds,
    {{ quantile(0.95, 'duration_seconds') }} as duration_p95_seconds,
    max(duration_seconds) as duration_max_seconds,
    sum(runs.rows_out) as rows_out
from {{ ref('pipeline_runs') }} as runs
group by started_date, step, chain
