-- Answers of endpoints that were not believed within the last day, by endpoint.
select
    toString(source) as endpoint,
    uniqExact(key, reason) as refused_count,
    argMax(reason, rejected_at) as last_reason
from meta.rejected_rows
where table = 'raw.blocks' and rejected_at > {now:DateTime64(3)} - interval 1 day
group by endpoint
order by endpoint
