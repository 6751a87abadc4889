"""Which hours an asset needs a price in."""

from datetime import UTC, datetime, timedelta

from extractors.prices.model import HOUR, Asset
from extractors.prices.wanted import Wanted, group_by_hours, hours_between

START = datetime(2024, 5, 1, tzinfo=UTC)
HOURS = tuple(START + n * HOUR for n in range(4))
BY_CHAIN = {"ethereum": HOURS[:2], "optimism": HOURS[1:3], "polygon": ()}


def asset(name: str) -> Asset:
    return Asset(name, name.upper(), {})


def test_group_by_hours_joins_the_hours_of_all_chains_of_an_asset() -> None:
    both = asset("both")
    wanted = group_by_hours({both: {"ethereum", "optimism"}}, BY_CHAIN)
    assert wanted == [Wanted((both,), HOURS[:3])]


def test_group_by_hours_puts_assets_of_the_same_hours_together() -> None:
    one, two, other = asset("one"), asset("two"), asset("other")
    chains = {one: {"ethereum"}, other: {"optimism"}, two: {"ethereum"}}
    assert group_by_hours(chains, BY_CHAIN) == [
        Wanted((one, two), HOURS[:2]),
        Wanted((other,), HOURS[1:3]),
    ]


def test_group_by_hours_leaves_out_assets_without_an_hour() -> None:
    assert group_by_hours({asset("a"): {"polygon"}}, BY_CHAIN) == []


def test_hours_between_are_those_the_span_touches() -> None:
    half = timedelta(minutes=30)
    assert hours_between(START + half, HOURS[2] + half, now=HOURS[3]) == HOURS[:3]


def test_hours_between_end_with_the_running_hour() -> None:
    assert hours_between(START, None, now=HOURS[1] + timedelta(minutes=1)) == HOURS[:2]
