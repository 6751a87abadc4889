"""The words the price sources share: assets, asks, observations. Pure data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Asset:
    """Something with a price. `ids` holds its name at each source that lists it.

    `is_unmapped`: a token asked for by its address, which perhaps no source lists.
    """

    asset: str
    symbol: str
    ids: Mapping[str, str] = field(compare=False)
    is_unmapped: bool = False


@dataclass(frozen=True, slots=True)
class Observation:
    """What one source said: `price` US dollars for one whole unit of the asset at `observed_at`.

    Not yet believed: the price may be zero, negative or not a number. `confidence` (0..1) is the
    source's own doubt, None where it states none. `asked_at` is set when the price of that very
    instant was asked for, so that it can be stale.
    """

    asset: str
    symbol: str
    source: str
    price: float
    observed_at: datetime
    confidence: float | None = None
    asked_at: datetime | None = None

    @property
    def hour(self) -> datetime:
        """Start of the hour it falls in."""
        return floor_hour(self.observed_at)


@dataclass(frozen=True, slots=True)
class Ask:
    """One question to one source: the hours [start, end) of some assets, or their price right now.

    With `asked_at` it asks for that very instant, and [start, end) is the hour it lies in.
    """

    assets: tuple[Asset, ...]
    start: datetime
    end: datetime
    asked_at: datetime | None = None

    @property
    def is_current(self) -> bool:
        """True when the price right now is asked for."""
        return self.asked_at is not None

    @property
    def hours(self) -> int:
        """Whole hours of the span."""
        return int((self.end - self.start) / HOUR)

    def observe(
        self,
        asset: Asset,
        source: str,
        price: float,
        observed_at: datetime,
        confidence: float | None = None,
    ) -> Observation:
        """An observation that answers this question."""
        return Observation(
            asset.asset, asset.symbol, source, price, observed_at, confidence, self.asked_at
        )


@dataclass(frozen=True, slots=True)
class Limits:
    """What a source allows in one call, and its manners.

    `seconds_between_calls` and `reach` (how far back it answers) describe the public service only;
    they do not bind an address of the operator's own.
    """

    public_url: str
    seconds_between_calls: float
    hours_per_call: int
    points_per_call: int
    assets_per_call: int
    assets_per_current_call: int
    reach: timedelta | None = None


def floor_hour(instant: datetime) -> datetime:
    """The start of the hour that `instant` lies in."""
    return instant.replace(minute=0, second=0, microsecond=0)


def ceil_hour(instant: datetime) -> datetime:
    """`instant` if it is a whole hour, else the next one."""
    floor = floor_hour(instant)
    return floor if floor == instant else floor + HOUR
