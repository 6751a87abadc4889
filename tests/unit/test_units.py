"""Numbers as people read them."""

import pytest

from oracul.units import bytes_text, compact, from_hex, plural, seconds_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.01234, "0.0123"),
        (999, "999"),
        (1000, "1 k"),
        (14_236_000, "14.2 M"),
        (-3_900, "-3.9 k"),
        (2.5e9, "2.5 B"),
        (7e12, "7 T"),
        (999_999, "1 M"),
    ],
)
def test_compact_keeps_three_digits(value, text):
    assert compact(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.85, "850 ms"),
        (12, "12 s"),
        (250, "4 min 10 s"),
        (7500, "2 h 5 min"),
        (273_600, "3 d 4 h"),
    ],
)
def test_seconds_text_has_two_units_at_most(seconds, text):
    assert seconds_text(seconds) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (3_729, "3.73 kB"), (999_700, "1 MB"), (2_500_000_000, "2.5 GB")],
)
def test_bytes_text_has_three_digits(size, text):
    assert bytes_text(size) == text


def test_from_hex_refuses_what_is_not_a_quantity():
    with pytest.raises(ValueError, match="not a hex quantity"):
        from_hex("12")


@pytest.mark.parametrize(
    ("count", "noun", "text"),
    [
        (1, "block", "1 block"),
        (2500, "block", "2,500 blocks"),
        (0, "anomaly", "0 anomalies"),
        (2, "day", "2 days"),
    ],
)
def test_plural_counts_things(count, noun, text):
    assert plural(count, noun) == text
