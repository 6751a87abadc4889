-- Findings that still stand, of the last 30 days or told and not told to be over: one that only grew
-- old must not be told as over. The rows of single methods are evidence and are not told.
-- An alert's id is that of rules.anomaly_alerts.
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
    and (
        date >= toDate({now:DateTime64(3)}, 'UTC') - 30
        or detected_at > {now:DateTime64(3)} - interval 30 day
        or substring(lower(hex(SHA256(arrayStringConcat(
            ['anomaly', toString(entity_type), toString(chain), entity_id, toString(metric),
             toString(date)],
            char(31)
        )))), 1, 32) in (
            select alert_id from meta.alerts final where rule = 'anomaly' and status != 'resolved'
        )
    )
order by entity_type_name, chain_name, entity_id, metric_name, date
