"""The map of days: what each mark stands for, how it folds, and what it says to type."""

from datetime import date, timedelta

from rich.text import Text

from oracul.analytics.coverage import (
    BLOCK_DATASETS,
    DATASETS,
    Day,
    calendar,
    heat_map,
    month_names,
)
from oracul.cli.coverage import advice, styled

FIRST = date(2024, 12, 30)


def day_of(place, dataset="blocks", status="proven", count=24):
    counts = {"proven": 0, "partial": 0, "broken": 0, "missing": 0} | {status: count}
    return Day(
        "devnet", FIRST + timedelta(days=place), dataset, status, **counts, last_verified_at=None
    )


def plain_lines(days, width=40):
    return list(heat_map(days, width))


def test_each_status_has_a_mark_of_its_own_and_a_day_without_blocks_a_dot():
    statuses = ["proven", "partial", "missing", "broken"]
    days = [day_of(place, status=status) for place, status in enumerate(statuses)]
    lines = plain_lines([*days, day_of(5)])
    assert lines[1].split() == ["blocks", "■◪□✗·■"]
    assert lines[2].split() == ["transactions", "······"]


def test_long_span_folds_at_the_width_of_the_terminal():
    days = [day_of(place, dataset) for place in range(30) for dataset in DATASETS]
    lines = plain_lines(days, width=14 + 20)
    assert [line.count("■") for line in lines] == [0, *[20] * 6, 0, *[10] * 6]


def test_months_stand_where_they_begin():
    span = calendar([day_of(0), day_of(70)])
    line = month_names(span)
    assert line.startswith("Dec 2024")
    assert line[span.index(date(2025, 2, 1)) :].startswith("Feb")
    # January begins on the third day, below the name of December.
    assert "Jan" not in line


def test_calendar_has_the_days_between():
    assert len(calendar([day_of(0), day_of(9)])) == 10


def test_advice_names_the_worst_days_and_one_command_each():
    days = [day_of(0, dataset, "missing") for dataset in BLOCK_DATASETS]
    days += [day_of(1, "logs", "broken", 2), day_of(2, status="partial")]
    assert list(advice(days)) == [
        "  2024-12-31  2 of 2 blocks broken (logs)",
        "  2024-12-30  24 of 24 blocks missing",
        "Land them again: "
        "`oracul verify --chain devnet --from 2024-12-30 --to 2024-12-31 --repair`.",
        "Prove again what is partial: `oracul verify --chain devnet`.",
    ]


def test_advice_knows_prices_and_marts():
    days = [day_of(0, "prices", "missing", 3), day_of(1, "prices"), day_of(1, "marts", "partial")]
    assert list(advice(days)) == [
        "  2024-12-30  3 of 3 hours missing (prices)",
        "Ask for the prices: "
        "`oracul backfill --chain devnet --from 2024-12-30 --what prices,marts`.",
        "Build what waits: `oracul transform`; the nightly deployments do it by themselves.",
    ]


def test_colours_leave_the_text_as_it_is():
    line = next(
        line for line in heat_map([day_of(0), day_of(2, status="broken")], 40) if "✗" in line
    )
    assert Text.from_markup(styled(line)).plain == line
    assert "[green]■[/]" in styled(line)


def test_advice_is_short_however_much_is_missing():
    lines = list(advice([day_of(place, status="missing") for place in range(100)]))
    assert len(lines) == 12
    assert "90 more" in lines[10]


def test_whole_days_need_no_advice():
    assert list(advice([day_of(0), day_of(1)])) == []
