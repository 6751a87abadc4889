select
    chain,
    sum(transfer_count) as transfers,
    sum(transfer_count * ifNull(priced_ratio, 0)) as priced_transfers
from {batch}
where trust = 'curated'
group by chain
having priced_transfers < 0.9 * transfers
