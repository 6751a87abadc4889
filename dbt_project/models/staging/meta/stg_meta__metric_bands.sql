-- grain: one entity, metric and day that was judged
select
    entity_type,
    chain,
    entity_id,
    symbol,
    metric,
    date as block_date,
    value,
    expected,
    lower as lower_bound,
    upper as upper_bound,
    severity,
    run_id,
    judged_at
from {{ source('meta', 'metric_bands') }} final
