-- grain: one entity, metric and day that was judged
select
    block_date,
    entity_type,
    chain,
    entity_id,
    symbol,
    metric,
    value,
    expected,
    lower_bound,
    upper_bound,
    if(isNull(severity), null, value) as anomaly_value,
    severity,
    judged_at
from {{ ref('stg_meta__metric_bands') }}
