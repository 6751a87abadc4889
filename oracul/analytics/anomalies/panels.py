"""From rows to matrices: one row an entity, one column a day, and windows cut out of them.

A day without a row is 0 for amounts, counts and flows once the entity has been seen, and missing
for prices. It is missing for everything when the chain's blocks of that day are not all there:
what was not read is not zero.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

from oracul.analytics.anomalies.metrics import Metric
from oracul.analytics.anomalies.robust import Floats


@dataclass(frozen=True)
class ChainDay:
    """Canonical blocks of a chain on one day: numbers of the first and last, and how many."""

    chain: str
    day: date
    first_block: int
    last_block: int
    blocks: int


@dataclass(frozen=True)
class Panel:
    """Entities of one type over consecutive days.

    `keys[i]` is (chain, entity id) of row i; `names[i]` its symbol or "". `values[column]` is
    (entities, days), NaN where the table has no row or NULL; `seen` says where it has a row.
    """

    first: date
    keys: Sequence[tuple[str, str]]
    names: Sequence[str]
    seen: np.ndarray
    values: Mapping[str, Floats] = field(default_factory=dict)

    def column(self, day: date) -> int:
        """Column of a day; it may lie outside the panel."""
        return (day - self.first).days


def whole_days(rows: Sequence[ChainDay]) -> dict[tuple[str, date], bool]:
    """For each chain and day with blocks: are all of its blocks there?

    They are when the numbers have no hole and both neighbours (the block before the first and the
    one after the last) are there too, or the first one is block 0. The newest day never is, because
    its end has not been seen.
    """
    by_chain: dict[str, list[ChainDay]] = {}
    for row in sorted(rows, key=lambda r: (r.chain, r.day)):
        by_chain.setdefault(row.chain, []).append(row)
    whole = {}
    for chain, days in by_chain.items():
        ends = {row.last_block for row in days}
        starts = {row.first_block for row in days}
        for row in days:
            dense = row.blocks == row.last_block - row.first_block + 1
            begun = row.first_block == 0 or row.first_block - 1 in ends
            whole[chain, row.day] = dense and begun and row.last_block + 1 in starts
    return whole


def build_panel(
    first: date,
    days: int,
    dates: Sequence[date],
    chains: Sequence[str],
    entities: Sequence[str],
    columns: Mapping[str, Floats],
    symbols: Sequence[str] = (),
) -> Panel:
    """Spread table rows over (entities, days); of two rows with one key the last counts."""
    keys = sorted(set(zip(chains, entities, strict=True)))
    place = {key: row for row, key in enumerate(keys)}
    row = np.array([place[key] for key in zip(chains, entities, strict=True)], dtype=np.intp)
    column = np.array([(day - first).days for day in dates], dtype=np.intp)
    seen = np.zeros((len(keys), days), dtype=bool)
    seen[row, column] = True
    values = {}
    for name, numbers in columns.items():
        matrix = np.full((len(keys), days), np.nan)
        matrix[row, column] = numbers
        values[name] = matrix
    names = [""] * len(keys)
    newest = [-1] * len(keys)
    for symbol, i, day in zip(symbols, row, column, strict=False):
        if symbol and day >= newest[i]:
            names[i], newest[i] = symbol, int(day)
    return Panel(first, keys, names, seen, values)


def series(panel: Panel, metric: Metric, whole: Mapping[tuple[str, date], bool]) -> Floats:
    """The metric's matrix (entities, days) with silent days filled in as the module says.

    Days whose blocks are not all there keep what they have on the scale of `partial_mask`.
    """
    if metric.shape == "return":
        close = panel.values["price_close_usd"]
        close = np.where(close > 0, close, np.nan)
        change = np.full_like(close, np.nan)
        change[:, 1:] = close[:, 1:] / close[:, :-1] - 1.0
        return change
    values = panel.values[metric.name]
    present = chain_mask(panel, whole, partial=True)
    return np.where(~panel.seen & present, 0.0, values)


def chain_mask(
    panel: Panel, whole: Mapping[tuple[str, date], bool], *, partial: bool
) -> np.ndarray:
    """(entities, days): the chain's blocks of that day are all there (or `partial`: some are)."""
    days = [panel.first + timedelta(days=i) for i in range(panel.seen.shape[1])]
    masks = {}
    for chain in {chain for chain, _ in panel.keys}:
        marks = [whole.get((chain, day)) for day in days]
        masks[chain] = np.array([m is not None if partial else bool(m) for m in marks], dtype=bool)
    if not panel.keys:
        return np.zeros(panel.seen.shape, dtype=bool)
    return np.stack([masks[chain] for chain, _ in panel.keys])


def windows(
    values: Floats, usable: np.ndarray, seen: np.ndarray, column: int, length: int
) -> tuple[Floats, Floats]:
    """History (entities, length) before `column` and the values at it.

    History before the panel, on days that are not `usable`, and before the entity's first row in
    the window is missing.
    """
    start = max(column - length, 0)
    history = np.full((len(values), length), np.nan)
    part = slice(start, column)
    known = usable[:, part] & np.logical_or.accumulate(seen[:, part], axis=1)
    history[:, length - (column - start) :] = np.where(known, values[:, part], np.nan)
    return history, values[:, column].copy()
