"""Which hours are covered: computed from what landed and what was refused, never remembered."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

from extractors.prices.model import HOUR, Asset, Observation
from extractors.prices.screen import NEIGHBOURHOOD
from oracul.times import from_epoch
from oracul.warehouse import Client

Pair = tuple[str, str]

PRICES_TABLE = "raw.prices_spot"
# CoinGecko's hourly points drift, so that an hour now and then has none.
LONGEST_HOLE = 2
_HERE = Path(__file__).parent
COVERED_SQL = (_HERE / "covered_hours.sql").read_text(encoding="utf-8")
LANDED_SQL = (_HERE / "landed_prices.sql").read_text(encoding="utf-8")
REFUSED_SQL = (_HERE / "refused_prices.sql").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Coverage:
    """What some wanted hours have, by (source, asset).

    `complete` pairs lack none of them; `hours` holds what the others have. Landed and refused hours
    count alike: neither is asked again.
    """

    complete: set[Pair]
    hours: Mapping[Pair, set[datetime]]

    def has(self, pair: Pair, hour: datetime) -> bool:
        """True when that hour is covered."""
        return pair in self.complete or hour in self.hours.get(pair, ())

    def spoke(self, source: str) -> bool:
        """True when the source ever said anything about these assets and hours."""
        return any(source == name for name, _ in chain(self.complete, self.hours))


@dataclass(frozen=True)
class Context:
    """What judging needs to know: landed observations around a span, and keys refused in it."""

    landed: list[Observation]
    refused: set[tuple[str, str]]


def refusal_key(observation: Observation) -> str:
    """Key of an observation in `meta.rejected_rows`: asset and instant in UTC."""
    return f"{observation.asset}/{observation.observed_at.astimezone(UTC).isoformat()}"


def read_coverage(client: Client, assets: Sequence[Asset], hours: Sequence[datetime]) -> Coverage:
    """What these assets have of `hours` (sorted)."""
    rows = client.query(
        COVERED_SQL,
        parameters={
            "start": hours[0],
            "end": hours[-1] + HOUR,
            "assets": [asset.asset for asset in assets],
            "hours": [int(hour.timestamp()) for hour in hours],
            "wanted_count": len(hours),
        },
    ).result_rows
    complete = {(source, asset) for source, asset, count, _ in rows if count >= len(hours)}
    return Coverage(
        complete,
        {
            (source, asset): {from_epoch(second) for second in starts}
            for source, asset, _, starts in rows
            if (source, asset) not in complete
        },
    )


def read_context(client: Client, asked: Collection[tuple[str, datetime]]) -> Context:
    """What is known of the (asset, hour) that were asked for, and of the day around."""
    if not asked:
        return Context([], set())
    names = sorted({asset for asset, _ in asked})
    start, end = min(hour for _, hour in asked), max(hour for _, hour in asked) + HOUR
    landed = client.query(
        LANDED_SQL,
        parameters={"start": start - NEIGHBOURHOOD, "end": end + NEIGHBOURHOOD, "assets": names},
    ).result_rows
    refused = client.query(
        REFUSED_SQL, parameters={"start": start, "end": end, "assets": names}
    ).result_rows
    return Context(
        [
            Observation(asset, symbol, source, price, _utc(at))
            for asset, symbol, source, price, at in landed
        ],
        {(source, key) for source, key in refused},
    )


def spoken_of(client: Client, assets: Sequence[Asset]) -> set[str]:
    """Those of the assets that any price ever landed of."""
    found = client.query(
        "select distinct toString(asset) from raw.prices_spot"
        " where asset in {assets:Array(String)}",
        parameters={"assets": [asset.asset for asset in assets]},
    ).result_rows
    return {asset for (asset,) in found}


def missing_hours(
    source: str,
    assets: Iterable[Asset],
    hours: Sequence[datetime],
    coverage: Coverage,
    oldest: datetime | None,
) -> Mapping[Asset, list[datetime]]:
    """The hours each asset that `source` lists still lacks, none before `oldest` (its reach).

    A hole of at most LONGEST_HOLE hours between covered ones is not missing: the source was asked
    across it and had nothing.
    """
    missing = {}
    for asset in assets:
        pair = (source, asset.asset)
        if source not in asset.ids or pair in coverage.complete:
            continue
        lacking = [
            hour
            for hour in hours
            if (oldest is None or hour >= oldest)
            and not coverage.has(pair, hour)
            and not _is_in_hole(pair, hour, coverage)
        ]
        if lacking:
            missing[asset] = lacking
    return missing


def _is_in_hole(pair: Pair, hour: datetime, coverage: Coverage) -> bool:
    steps = range(1, LONGEST_HOLE + 1)
    before = next((n for n in steps if coverage.has(pair, hour - n * HOUR)), None)
    after = next((n for n in steps if coverage.has(pair, hour + n * HOUR)), None)
    return before is not None and after is not None and before + after - 1 <= LONGEST_HOLE


def _utc(instant: datetime) -> datetime:
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
