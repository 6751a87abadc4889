-- What was told over a channel, or failed to be.
select alert_id, toString(status) as last_status, first_at, count
from meta.alerts final
where channel = {channel:String}
order by alert_id
