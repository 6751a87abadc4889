-- Prices that were refused within the last day because sources, or hours, contradict each other.
select
    substring(key, 1, length(key) - position(reverse(key), '/')) as asset,
    uniqExact(source, key) as refused_count,
    argMax(reason, rejected_at) as last_reason
from meta.rejected_rows
where table = 'raw.prices_spot'
    and rejected_at > {now:DateTime64(3)} - interval 1 day
    and match(reason, '^(two sources disagree|outside the band|alone in a jump)')
group by asset
order by asset
