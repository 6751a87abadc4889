select asset, source, observed_at
from {batch}
where observed_at > :now + interval 1 hour
