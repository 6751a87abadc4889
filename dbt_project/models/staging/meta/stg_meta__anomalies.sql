-- grain: one entity, metric, day and method that was unusual
select
    entity_type,
    chain,
    entity_id,
    metric,
    date as block_date,
    method,
    value,
    expected,
    lower as lower_bound,
    upper as upper_bound,
    score,
    severity,
    explanation,
    is_active,
    run_id,
    detected_at
from {{ source('meta', 'anomalies') }} final
