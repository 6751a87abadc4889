-- Findings that still stand; the rows of single methods are evidence and are not told.
select
    toString(entity_type) as entity_type_name,
    toString(chain) as chain_name,
    entity_id,
    toString(metric) as metric_name,
    date,
    toString(severity) as severity_name,
    score,
    explanation
from meta.anomalies final
where is_active and method = 'ensemble'
order by entity_type_name, chain_name, entity_id, metric_name, date
