"""What needs prices: which assets, in which hours. An asset needs those of its own chains only."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from extractors.prices.assets import choose_assets, read_assets, read_token_assets
from extractors.prices.model import HOUR, Asset, ceil_hour, floor_hour
from oracul.chains import load_chains
from oracul.warehouse import Client

# Tokens without a canonical asset that are asked for by their address, most moved first.
UNMAPPED_LIMIT = 50
_HERE = Path(__file__).parent
BLOCK_DAYS_SQL = (_HERE / "block_days.sql").read_text(encoding="utf-8")
MOVED_TOKENS_SQL = (_HERE / "moved_tokens.sql").read_text(encoding="utf-8")

HoursByChain = Mapping[str, Sequence[datetime]]


@dataclass(frozen=True)
class Wanted:
    """Assets that need a price in the same hours (starts of hours, oldest first)."""

    assets: tuple[Asset, ...]
    hours: tuple[datetime, ...]


def find_wanted(
    client: Client,
    *,
    chains: Sequence[str] = (),
    start: datetime | None = None,
    end: datetime | None = None,
    now: datetime,
    assets: Sequence[Asset] | None = None,
) -> list[Wanted]:
    """What needs a price up to the hour of `now` because of the landed `chains` (all when empty).

    Without `start`: the hours of every day that a canonical block of the asset's chains lies in,
    else those that [start, end) touches. Without `assets`: the chains' native coins, and tokens
    that moved in these hours.
    """
    by_chain = hours_by_chain(client, chains, start=start, end=end, now=now)
    span = hours_between(start, end, now) if start is not None else _union(by_chain.values())
    if assets is not None:
        return [Wanted(tuple(assets), span)] if assets and span else []
    return group_by_hours(_assets_of(client, by_chain), by_chain)


def hours_by_chain(
    client: Client,
    chains: Sequence[str],
    *,
    start: datetime | None,
    end: datetime | None,
    now: datetime,
) -> dict[str, tuple[datetime, ...]]:
    """The wanted hours of each landed chain; chains without any are left out."""
    days: dict[str, list[datetime]] = defaultdict(list)
    for chain, day in client.query(BLOCK_DAYS_SQL, parameters={"chains": chains}).result_rows:
        days[chain].append(datetime(day.year, day.month, day.day, tzinfo=UTC))
    if start is not None:
        span = hours_between(start, end, now)
        return dict.fromkeys(days, span) if span else {}
    last = floor_hour(now)
    hours = {
        chain: tuple(
            hour
            for day in own
            for hour in _hours(day, day + 24 * HOUR)
            if hour <= last and (end is None or hour < end)
        )
        for chain, own in days.items()
    }
    return {chain: own for chain, own in hours.items() if own}


def hours_between(start: datetime, end: datetime | None, now: datetime) -> tuple[datetime, ...]:
    """The hours that [start, end) touches, none after that of `now`; a missing end is `now`."""
    stop = ceil_hour(end if end is not None else now + HOUR)
    last = floor_hour(now)
    return tuple(hour for hour in _hours(floor_hour(start), stop) if hour <= last)


def group_by_hours(assets: Mapping[Asset, Collection[str]], by_chain: HoursByChain) -> list[Wanted]:
    """Assets (with the chains they are on) put together where they need the same hours. Pure."""
    groups: dict[tuple[datetime, ...], list[Asset]] = defaultdict(list)
    for asset, chains in assets.items():
        groups[_union(by_chain[chain] for chain in chains)].append(asset)
    return [Wanted(tuple(group), hours) for hours, group in groups.items() if hours]


def _assets_of(client: Client, by_chain: HoursByChain) -> dict[Asset, set[str]]:
    if not by_chain:
        return {}
    moved = client.query(
        MOVED_TOKENS_SQL,
        parameters={
            "chains": list(by_chain),
            "start": min(hours[0] for hours in by_chain.values()),
            "end": max(hours[-1] for hours in by_chain.values()) + HOUR,
        },
    ).result_rows
    return choose_assets(
        {c: spec.native_asset for c, spec in load_chains().items() if c in by_chain},
        [(chain, token) for chain, token, _ in moved],
        read_assets(),
        read_token_assets(),
        unmapped_limit=UNMAPPED_LIMIT,
    )


def _union(groups: Iterable[Sequence[datetime]]) -> tuple[datetime, ...]:
    return tuple(sorted({hour for group in groups for hour in group}))


def _hours(start: datetime, end: datetime) -> Iterable[datetime]:
    return (start + n * HOUR for n in range(max(0, int((end - start) / HOUR))))
