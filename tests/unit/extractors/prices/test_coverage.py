"""What is covered and what is missing."""

from datetime import UTC, datetime

import pytest

from extractors.prices.coverage import Coverage, missing_hours
from extractors.prices.model import HOUR, Asset
from extractors.prices.report import ExtractedPrices, SourceReport

START = datetime(2024, 5, 1, tzinfo=UTC)
HOURS = [START + n * HOUR for n in range(4)]
ETHER = Asset("ether", "ETH", {"kraken": "XETHZUSD"})
TOKEN = Asset("polygon:0xab", "", {"defillama": "polygon:0xab"})


def covering(*answered: int) -> Coverage:
    return Coverage(set(), {("kraken", "ether"): {START + n * HOUR for n in answered}})


def test_missing_hours_leaves_out_covered_hours_and_unlisted_assets() -> None:
    missing = missing_hours("kraken", [ETHER, TOKEN], HOURS, covering(1), None)
    assert missing == {ETHER: [HOURS[0], HOURS[2], HOURS[3]]}


def test_missing_hours_leaves_out_what_is_complete() -> None:
    assert missing_hours("kraken", [ETHER], HOURS, Coverage({("kraken", "ether")}, {}), None) == {}


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
    found = missing_hours("kraken", [ETHER], hours, covering(*answered), None)
    assert found == {ETHER: [hours[n] for n in sorted(missing)]}


def test_missing_hours_stops_at_the_reach_of_the_source() -> None:
    assert missing_hours("kraken", [ETHER], HOURS, covering(), HOURS[3]) == {ETHER: [HOURS[3]]}


def test_coverage_knows_who_spoke() -> None:
    coverage = covering(1)
    assert (coverage.spoke("kraken"), coverage.spoke("coinbase")) == (True, False)


def test_report_names_the_sources_that_are_out() -> None:
    report = ExtractedPrices(2, {"a": SourceReport(asked=4, landed=3), "b": SourceReport(4)})
    report.sources["b"].error = "b gave no answer within 2 s."
    assert report.sentence == (
        "3 prices of 2 assets from 1 source, 0 not believed; b is out: b gave no answer within 2 s."
    )
    assert not report.is_all_down


def test_report_says_when_there_is_nothing_to_price() -> None:
    assert ExtractedPrices(0, {"a": SourceReport()}).sentence == "nothing needs a price yet"


def test_report_says_when_everything_was_there() -> None:
    assert ExtractedPrices(2, {"a": SourceReport()}).sentence == (
        "every wanted hour has its prices already"
    )
