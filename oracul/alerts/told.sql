-- Every alert and what became of it on each channel.
select
    toString(channel) as channel_name, alert_id, toString(rule) as rule_name,
    toString(severity) as severity_name, title, body, subject, toString(status) as last_status,
    first_at, last_at, count, told_at, resolved_at, acknowledged_by
from meta.alerts final
order by channel_name, first_at, alert_id
