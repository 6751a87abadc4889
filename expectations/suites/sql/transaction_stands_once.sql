select chain, tx_hash, groupUniqArray(block_number) as heights
from {batch} as transactions
inner join (select chain, block_number, block_hash from meta.canonical_blocks final) as pointers
    using (chain, block_number, block_hash)
where (chain, tx_hash) in (select chain, tx_hash from {batch} where ingested_at >= :since)
group by chain, tx_hash
having uniqExact(block_number, tx_index) > 1
