select
    coalesce(nullIf(built.chain, ''), source.chain) as chain_name,
    greatest(ifNull(built.block_date, toDate(0)), ifNull(source.block_date, toDate(0))) as day,
    coalesce(nullIf(built.token_address, ''), source.token_address) as token,
    built.transfer_count as transfer_count,
    source.transfers as transfers,
    built.volume_raw_exact as volume_raw_exact,
    toString(source.amount) as amount_of_transfers
from
(
    select
        toString(chain) as chain, block_date, toString(token_address) as token_address,
        transfer_count, volume_raw_exact
    from {batch}
    where :fresh_days and not :waits_for(curated.erc20_transfers)
) as built
full join
(
    select
        toString(chain) as chain,
        block_date,
        toString(token_address) as token_address,
        countIf(transfer_type in ('transfer', 'mint', 'burn')) as transfers,
        sumIf(amount_raw, transfer_type in ('transfer', 'mint', 'burn')) as amount,
        sumIf(toFloat64(amount_raw), transfer_type in ('transfer', 'mint', 'burn')) as amount_about
    from curated.erc20_transfers
    where :fresh_days and not :waits_for(curated.erc20_transfers)
    group by chain, block_date, token_address
) as source
    on built.chain = source.chain
    and built.block_date = source.block_date
    and built.token_address = source.token_address
where
    ifNull(built.transfer_count, 0) != ifNull(source.transfers, 0)
    -- A sum beyond 2^256 wraps round here, so only smaller ones are compared digit by digit.
    or (
        ifNull(source.amount_about, 0) < 1e77
        and ifNull(built.volume_raw_exact, '0') != toString(ifNull(source.amount, toUInt256(0)))
    )
    or ifNull(built.token_address, '') = ''
    or ifNull(source.token_address, '') = ''
