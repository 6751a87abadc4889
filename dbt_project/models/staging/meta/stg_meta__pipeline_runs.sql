-- grain: one step of a run over one chain and span
select
    run_id,
    step,
    chain,
    span,
    started_at,
    finished_at,
    status,
    rows_in,
    rows_out,
    error
from {{ source('meta', 'pipeline_runs') }} final
