"""Block ranges as typed: half-open, and a mistake says how to write it."""

from datetime import date

import pytest

from oracul.errors import ConfigError
from oracul.spans import parse_blocks, parse_day


def test_parse_blocks_reads_a_half_open_range():
    assert parse_blocks("17686110:17686125") == (17686110, 17686125)


def test_parse_blocks_takes_separators():
    assert parse_blocks("17_686_110:17,686,125") == (17686110, 17686125)


def test_parse_blocks_proposes_the_order_when_reversed():
    with pytest.raises(ConfigError, match="did you mean 3:5"):
        parse_blocks("5:3")


@pytest.mark.parametrize("text", ["5", "5-9", "a:b", ":9", "-1:4", ""])
def test_parse_blocks_says_the_form_when_it_is_none(text):
    with pytest.raises(ConfigError, match="FIRST:END"):
        parse_blocks(text)


def test_parse_blocks_refuses_an_empty_range():
    with pytest.raises(ConfigError, match="holds no block"):
        parse_blocks("5:5")


def test_parse_day_reads_iso():
    assert parse_day("2025-03-08") == date(2025, 3, 8)


def test_parse_day_says_the_form():
    with pytest.raises(ConfigError, match="YYYY-MM-DD"):
        parse_day("8.3.2025")
