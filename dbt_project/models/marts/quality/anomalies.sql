-- grain: one entity, metric, day and method that is unusual
select
    anomalies.block_date as block_date,
    anomalies.entity_type as entity_type,
    anomalies.chain as chain,
    anomalies.entity_id as entity_id,
    -- A view is read with the reader's settings: without join_use_nulls a missing symbol is ''.
    nullIf(tokens.symbol, '') as symbol,
    anomalies.metric as metric,
    anomalies.method as method,
    anomalies.value as value,
    anomalies.expected as expected,
    anomalies.lower_bound as lower_bound,
    anomalies.upper_bound as upper_bound,
    anomalies.score as score,
    anomalies.severity as severity,
    anomalies.explanation as explanation,
    anomalies.detected_at as detected_at
from {{ ref('stg_meta__anomalies') }} as anomalies
left join {{ ref('tokens') }} as tokens
    on
        anomalies.entity_type = 'token'
        and anomalies.chain = tokens.chain
        and anomalies.entity_id = tokens.token_address
where anomalies.is_active
