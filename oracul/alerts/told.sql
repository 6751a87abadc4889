-- Alerts and what became of them on each channel: those that stand, and those that ended lately.
select
    toString(channel) as channel_name, alert_id, toString(rule) as rule_name,
    toString(severity) as severity_name, title, body, subject, toString(status) as last_status,
    first_at, last_at, count, told_at, resolved_at, acknowledged_by
from meta.alerts final
where status != 'resolved' or last_at > {ended_after:DateTime64(3)}
order by channel_name, first_at, alert_id
