"""What is covered and what is missing."""

from datetime import UTC, datetime

import pytest

from extractors.prices.coverage import Coverage, missing_hours, refusal_key
from extractors.prices.model import HOUR, Asset, Observation
from extractors.prices.report import ExtractedPrices, SourceReport

START = datetime(2024, 5, 1, tzinfo=UTC)
HOURS = [START + n * HOUR for n in range(4)]
ETHER = Asset("ether", "ETH", {"kraken": "XETHZUSD"})
TOKEN = Asset("polygon:0xab", "", {"defillama": "polygon:0xab"})


def seen(asset: str, hour: int, source: str = "kraken") -> Observation:
    return Observation(asset, "X", source, 1.0, START + hour * HOUR + HOUR / 3)


def test_covered_counts_landed_and_refused_hours() -> None:
    refused = {("defillama", refusal_key(seen("polygon:0xab", 2)))}
    covered = Coverage([seen("ether", 1)], refused).covered()
    assert covered == {
        ("kraken", "ether", HOURS[1]),
        ("defillama", "polygon:0xab", HOURS[2]),
    }


def test_missing_hours_leaves_out_covered_hours_and_unlisted_assets() -> None:
    covered = {("kraken", "ether", HOURS[1])}
    missing = missing_hours("kraken", [ETHER, TOKEN], HOURS, covered, None)
    assert missing == {ETHER: [HOURS[0], HOURS[2], HOURS[3]]}


@pytest.mark.parametrize(
    ("answered", "missing"),
    [
        ((0, 2), {3, 4, 5}),
        ((0, 3), {4, 5}),
        ((0, 4), {1, 2, 3, 5}),
        ((1, 3, 5), {0}),
    ],
)
def test_missing_hours_leaves_out_short_holes_the_source_was_asked_across(
    answered: tuple[int, ...], missing: set[int]
) -> None:
    hours = [START + n * HOUR for n in range(6)]
    covered = {("kraken", "ether", hours[n]) for n in answered}
    found = missing_hours("kraken", [ETHER], hours, covered, None)
    assert found == {ETHER: [hours[n] for n in sorted(missing)]}


def test_missing_hours_stops_at_the_reach_of_the_source() -> None:
    assert missing_hours("kraken", [ETHER], HOURS, set(), HOURS[3]) == {ETHER: [HOURS[3]]}


def test_report_names_the_sources_that_are_out() -> None:
    report = ExtractedPrices(2, {"a": SourceReport(asked=4, landed=3), "b": SourceReport(4)})
    report.sources["b"].error = "b gave no answer within 2 s."
    assert report.sentence == (
        "3 prices of 2 assets from 1 source, 0 not believed; b is out: b gave no answer within 2 s."
    )
    assert not report.is_all_down


def test_report_says_when_everything_was_there() -> None:
    assert ExtractedPrices(2, {"a": SourceReport()}).sentence == (
        "every wanted hour has its prices already"
    )
