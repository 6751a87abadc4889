"""Counts of one source."""

from oracul.traffic import Traffic


def test_since_is_what_was_added():
    counts = Traffic(1, 2, 3, 4)
    before = counts.copy()
    counts.requests += 5
    counts.received_bytes += 7
    assert counts.since(before) == Traffic(5, 0, 7, 0)
