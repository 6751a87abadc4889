"""What to ask a source so that every missing hour is covered by as few calls as it allows. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from extractors.prices.model import HOUR, Ask, Asset, Limits, floor_hour

Missing = Mapping[Asset, Sequence[datetime]]


def plan_asks(missing: Missing, limits: Limits, now: datetime) -> list[Ask]:
    """The calls for the missing hours of each asset, newest first.

    Hours are starts of hours, in any order. The hour of `now` is asked as current price, later ones
    are left out. Holes between missing hours are bridged when that saves a call.
    """
    this_hour = floor_hour(now)
    current = sorted((a for a, hours in missing.items() if this_hour in hours), key=_name)
    size = limits.assets_per_current_call
    asks = [
        Ask(tuple(part), this_hour, this_hour + HOUR, asked_at=now)
        for part in _parts(current, size)
    ]
    spans: dict[tuple[datetime, datetime], list[Asset]] = defaultdict(list)
    for asset, hours in missing.items():
        for span in cover((h for h in hours if h < this_hour), limits.hours_per_call):
            spans[span].append(asset)
    for (start, end), assets in sorted(spans.items(), reverse=True):
        fitting = max(1, limits.points_per_call // int((end - start) / HOUR))
        parts = _parts(sorted(assets, key=_name), min(limits.assets_per_call, fitting))
        asks.extend(Ask(tuple(part), start, end) for part in parts)
    return asks


def cover(hours: Iterable[datetime], hours_per_call: int) -> list[tuple[datetime, datetime]]:
    """The fewest spans [start, end) of at most `hours_per_call` hours that hold all `hours`."""
    spans: list[tuple[datetime, datetime]] = []
    for hour in sorted(set(hours)):
        if spans and hour < spans[-1][0] + hours_per_call * HOUR:
            spans[-1] = (spans[-1][0], hour + HOUR)
        else:
            spans.append((hour, hour + HOUR))
    return spans


def _parts(assets: Sequence[Asset], size: int) -> Iterable[Sequence[Asset]]:
    return (assets[i : i + size] for i in range(0, len(assets), size))


def _name(asset: Asset) -> str:
    return asset.asset
