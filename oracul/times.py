"""Time as Oracul uses it: aware UTC datetimes, half-open ranges, whole days."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta


def utc_now() -> datetime:
    """The current instant in UTC. For the edges only: pure code takes `now` as an argument."""
    return datetime.now(UTC)


def from_epoch(seconds: int) -> datetime:
    """UTC datetime of a Unix time in seconds."""
    return datetime.fromtimestamp(seconds, UTC)


def day_start(day: date) -> datetime:
    """First instant of a UTC day."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def days(start: date, end: date) -> Iterator[date]:
    """Every day of the half-open range [start, end)."""
    for offset in range((end - start).days):
        yield start + timedelta(days=offset)
