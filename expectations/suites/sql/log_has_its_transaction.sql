select
    logs.chain as chain,
    logs.block_number as block_number,
    logs.log_index as log_index,
    logs.tx_hash as tx_hash
from {batch} as logs
left anti join
(
    select chain, block_number, block_hash, tx_index, tx_hash
    from raw.transactions
    where (chain, block_number) in
    (
        select chain, block_number from {batch} where ingested_at >= :since
    )
) as transactions using (chain, block_number, block_hash, tx_index, tx_hash)
where logs.ingested_at >= :since
