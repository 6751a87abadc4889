"""From rows to windows: what is zero, what is missing, and that nobody looks ahead."""

from datetime import date

import numpy as np

from oracul.analytics.anomalies.metrics import get_metric
from oracul.analytics.anomalies.panels import (
    ChainDay,
    build_panel,
    chain_mask,
    series,
    whole_days,
    windows,
)

FIRST = date(2025, 1, 1)


def day(number):
    return date(2025, 1, number)


def panel(rows, **columns):
    """rows: (day, entity); columns: numbers in the same order."""
    return build_panel(
        FIRST, 5, [day(d) for d, _ in rows], ["devnet"] * len(rows), [e for _, e in rows],
        {name: np.array(numbers, float) for name, numbers in columns.items()},
    )  # fmt: skip


def whole(*days, partial=()):
    return {("devnet", day(d)): True for d in days} | {("devnet", day(d)): False for d in partial}


def test_day_without_a_row_is_zero():
    p = panel([(1, "a"), (3, "a")], volume_usd=[5, 7])
    values = series(p, get_metric("volume_usd"), whole(1, 2, 3, 4, 5))
    assert values.tolist() == [[5, 0, 7, 0, 0]]


def test_day_whose_blocks_were_not_read_is_missing():
    p = panel([(1, "a"), (3, "a")], volume_usd=[5, 7])
    values = series(p, get_metric("volume_usd"), whole(1, 3, 4, 5))
    assert np.isnan(values[0, 1])


def test_unpriced_day_is_missing():
    p = panel([(1, "a"), (2, "a")], volume_usd=[5, np.nan])
    assert np.isnan(series(p, get_metric("volume_usd"), whole(1, 2, 3, 4, 5))[0, 1])


def test_return_over_a_day_without_a_price_is_missing():
    p = panel([(1, "a"), (2, "a"), (4, "a"), (5, "a")], price_close_usd=[1, 2, 4, 5])
    values = series(p, get_metric("price_return"), {})
    assert np.isnan(values[0, [0, 2, 3]]).all()
    assert values[0, [1, 4]].tolist() == [1.0, 0.25]


def test_history_before_the_first_row_is_missing():
    values, seen = np.zeros((1, 5)), np.array([[False, False, True, False, True]])
    history, _ = windows(values, np.ones((1, 5), bool), seen, 4, 4)
    assert np.isnan(history[0]).tolist() == [True, True, False, False]


def test_history_ends_the_day_before():
    values = np.arange(5.0)[None]
    history, value = windows(values, np.ones((1, 5), bool), np.ones((1, 5), bool), 3, 3)
    assert history.tolist() == [[0, 1, 2]]
    assert value.tolist() == [3]


def test_partial_day_is_kept_out_of_history():
    p = panel([(d, "a") for d in range(1, 6)], volume_usd=[1, 1, 1, 1, 1])
    usable = chain_mask(p, whole(1, 2, 4, 5, partial=(3,)), partial=False)
    assert usable.tolist() == [[True, True, False, True, True]]


def test_newest_symbol_is_the_name():
    p = build_panel(FIRST, 5, [day(1), day(3), day(2)], ["devnet"] * 3, ["a"] * 3, {},
                    ["OLD", "NEW", "MID"])  # fmt: skip
    assert p.names == ["NEW"]


def blocks(*rows):
    return [ChainDay("devnet", day(d), first, last, count) for d, first, last, count in rows]


def test_day_is_whole_when_its_neighbours_are_there():
    found = whole_days(blocks((1, 0, 9, 10), (2, 10, 19, 10), (3, 20, 29, 10)))
    assert found == whole(1, 2, partial=(3,))


def test_day_with_a_hole_is_not_whole():
    assert whole_days(blocks((1, 0, 9, 9), (2, 10, 19, 10)))["devnet", day(1)] is False


def test_day_that_begins_in_the_middle_is_not_whole():
    assert whole_days(blocks((1, 5, 9, 5), (2, 10, 19, 10)))["devnet", day(1)] is False


def test_day_before_a_gap_is_not_whole():
    assert whole_days(blocks((1, 0, 9, 10), (3, 40, 49, 10)))["devnet", day(1)] is False
