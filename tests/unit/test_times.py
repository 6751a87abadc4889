"""Ranges of days are half-open and in UTC."""

from datetime import UTC, date, datetime

from oracul.times import day_start, days, from_epoch


def test_days_leave_the_end_out():
    assert list(days(date(2024, 2, 28), date(2024, 3, 1))) == [date(2024, 2, 28), date(2024, 2, 29)]


def test_days_of_an_empty_range_are_none():
    assert list(days(date(2024, 1, 2), date(2024, 1, 2))) == []


def test_day_start_is_aware_utc():
    assert day_start(date(2024, 1, 2)) == datetime(2024, 1, 2, tzinfo=UTC)


def test_from_epoch_is_utc():
    assert from_epoch(1_690_000_000).tzinfo is UTC
