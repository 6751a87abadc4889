select asset, source, observed_at, price
from {batch}
where not isFinite(price) or price <= 0 or asset = ''
