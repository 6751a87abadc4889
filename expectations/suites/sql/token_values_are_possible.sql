select chain, block_date, token_address, priced_ratio, proven_ratio, volume_usd
from {batch}
where
    ifNull(priced_ratio, 0) not between 0 and 1
    or not (proven_ratio between 0 and 1)
    or ifNull(volume_usd, 0) < 0
    or not isFinite(ifNull(volume_usd, 0))
    or ifNull(price_close_usd, 1) <= 0
    or ifNull(price_low_usd > price_high_usd, false)
    or ifNull(price_close_usd not between price_low_usd and price_high_usd, false)
