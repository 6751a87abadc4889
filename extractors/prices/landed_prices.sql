-- Accepted observations of some assets in [start, end).
select
    toString(asset) as asset_id,
    toString(symbol) as asset_symbol,
    toString(source) as source_name,
    price,
    observed_at
from raw.prices_spot final
where
    asset in {assets:Array(String)}
    and observed_at >= {start:DateTime64(3, 'UTC')}
    and observed_at < {end:DateTime64(3, 'UTC')}
order by asset_id, observed_at, source_name
