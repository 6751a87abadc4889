"""Partitions of a mart: what a day is replaced with."""

from datetime import date

import pytest

from oracul.errors import WarehouseError
from oracul.warehouse.publish import Mart

SUNDAY, MONDAY = date(2024, 3, 3), date(2024, 3, 4)


@pytest.mark.parametrize(
    ("key", "day", "first"),
    [
        ("block_date", SUNDAY, SUNDAY),
        ("(block_date)", SUNDAY, SUNDAY),
        ("(toStartOfMonth(block_date))", SUNDAY, date(2024, 3, 1)),
        ("toMonday(block_date)", SUNDAY, date(2024, 2, 26)),
        ("(toMonday(block_date))", MONDAY, MONDAY),
    ],
)
def test_day_lies_in_the_partition_of_its_key(key, day, first):
    mart = Mart("token_metrics_daily", key)
    assert mart.day_column == "block_date"
    assert mart.partition_of(day) == first


@pytest.mark.parametrize("key", ["", "toYYYYMM(block_date)", "(block_date, chain)"])
def test_other_keys_are_refused_with_what_to_write(key):
    with pytest.raises(WarehouseError, match="token_metrics_daily is partitioned by") as told:
        _ = Mart("token_metrics_daily", key).day_column
    assert "toMonday or toStartOfMonth" in told.value.hint
