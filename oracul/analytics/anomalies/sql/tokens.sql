-- Daily metrics of tokens that were active often enough to be judged at all. Spam is not judged:
-- its figures are what its makers want them to be.
select
    block_date,
    chain,
    token_address as entity_id,
    symbol,
    toFloat64(volume_usd) as volume_usd,
    toFloat64(transfer_count) as transfer_count,
    toFloat64(unique_addresses) as unique_addresses,
    toFloat64(price_close_usd) as price_close_usd
from marts.token_metrics_daily
where
    block_date >= {first:Date} and block_date < {end:Date}
    and ifNull(trust, '') != 'spam'
    and (chain, token_address) in
    (
        select chain, token_address
        from marts.token_metrics_daily
        where block_date >= {first:Date} and block_date < {end:Date}
        group by chain, token_address
        having count() >= {least_days:UInt32}
    )
