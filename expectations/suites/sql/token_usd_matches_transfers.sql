select
    built.chain as chain_name,
    built.block_date as day,
    built.volume as volume_usd,
    source.volume as usd_of_transfers
from
(
    select toString(chain) as chain, block_date, sum(ifNull(volume_usd, 0)) as volume
    from {batch}
    where :fresh_days and not :waits_for(curated.erc20_transfers)
    group by chain, block_date
) as built
left join
(
    select
        toString(chain) as chain,
        block_date,
        sumIf(ifNull(amount_usd, 0), transfer_type in ('transfer', 'mint', 'burn')) as volume
    from curated.erc20_transfers
    where :fresh_days and not :waits_for(curated.erc20_transfers)
    group by chain, block_date
) as source on built.chain = source.chain and built.block_date = source.block_date
where abs(built.volume - ifNull(source.volume, 0)) > 0.01 + 1e-6 * abs(built.volume)
