"""Few calls, every missing hour."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from extractors.prices.extract import first_of_hour, windows
from extractors.prices.model import HOUR, Asset, Limits, Observation
from extractors.prices.plan import cover, plan_asks

START = datetime(2024, 5, 1, tzinfo=UTC)
NOW = datetime(2024, 5, 3, 7, 20, tzinfo=UTC)
LIMITS = Limits("https://example.org", 0, 24, 48, 3, 2)


def asset(name: str) -> Asset:
    return Asset(name, name.upper(), {"source": name})


def hours(first: int, last: int) -> list[datetime]:
    return [START + n * HOUR for n in range(first, last)]


def test_cover_bridges_holes_that_fit_in_one_call() -> None:
    assert cover([*hours(0, 2), *hours(20, 22)], 24) == [(START, START + 22 * HOUR)]


def test_cover_starts_each_call_at_a_missing_hour() -> None:
    spans = cover([*hours(0, 2), *hours(30, 31)], 24)
    assert spans == [(START, START + 2 * HOUR), (START + 30 * HOUR, START + 31 * HOUR)]


@given(st.sets(st.integers(0, 500)), st.integers(1, 60))
def test_cover_holds_every_hour_once_within_the_limit(wanted: set[int], limit: int) -> None:
    spans = cover([START + n * HOUR for n in wanted], limit)
    assert all(0 < (end - start) / HOUR <= limit for start, end in spans)
    assert all(a[1] <= b[0] for a, b in pairwise(spans))
    assert all(any(s <= START + n * HOUR < e for s, e in spans) for n in wanted)


def test_plan_asks_for_the_running_hour_as_current_price() -> None:
    asks = plan_asks({asset("a"): hours(55, 60)}, LIMITS, NOW)
    assert [(a.is_current, a.start, a.hours) for a in asks] == [(True, START + 55 * HOUR, 1)]


def test_plan_asks_newest_first() -> None:
    starts = [a.start for a in plan_asks({asset("a"): hours(0, 54)}, LIMITS, NOW)]
    assert starts == sorted(starts, reverse=True)


def test_plan_batches_assets_as_far_as_points_allow() -> None:
    missing = {asset(name): hours(0, 24) for name in "abcde"}
    sizes = [len(a.assets) for a in plan_asks(missing, LIMITS, NOW)]
    assert sizes == [2, 2, 1]


def test_plan_batches_current_prices() -> None:
    missing = {asset(name): hours(55, 56) for name in "abc"}
    assert [len(a.assets) for a in plan_asks(missing, LIMITS, NOW)] == [2, 1]


def test_windows_are_the_newest_day_and_then_at_most_30_days_each() -> None:
    groups = windows(hours(0, 24 * 62))
    assert [len(group) for group in groups] == [24, 720, 720, 24]
    assert groups[0][-1] > groups[1][-1]


def test_first_of_hour_keeps_the_earliest_wanted_observation() -> None:
    def seen(minute: int, price: float) -> Observation:
        return Observation("a", "A", "s", price, START + timedelta(minutes=minute))

    kept = first_of_hour([seen(9, 2.0), seen(3, 1.0), seen(70, 3.0)], {("s", "a", START)})
    assert [o.price for o in kept] == [1.0]
