-- grain: one step of a run over one chain and span
select
    started_at,
    step,
    chain,
    run_id,
    span,
    status,
    finished_at,
    if(
        isNull(finished_at), null, dateDiff('millisecond', started_at, finished_at) / 1000
    ) as duration_seconds,
    rows_in,
    rows_out
from {{ ref('stg_meta__pipeline_runs') }}
