"""Reading what is judged: the marts and the block pointer. SQL in `sql/`, one file a question."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from oracul.analytics.anomalies.days import Batch, window_start
from oracul.analytics.anomalies.judge import LEAST_OBSERVED
from oracul.analytics.anomalies.panels import ChainDay, Panel, build_panel, whole_days
from oracul.settings import AnomalySettings
from oracul.warehouse import Client

_TOKEN_COLUMNS = ("volume_usd", "transfer_count", "unique_addresses", "price_close_usd")
_ADDRESSES_AT_ONCE = 2_000


@cache
def _sql(name: str) -> str:
    return Path(__file__).with_name("sql").joinpath(f"{name}.sql").read_text(encoding="utf-8")


def read_span(client: Client, start: date | None, end: date | None) -> tuple[date, date] | None:
    """Days to look at as [start, end): what the marts have, cut to what was asked for."""
    rows = client.query(_sql("bounds")).result_rows
    if not rows:
        return None
    first, last = rows[0]
    span = max(first, start or first), min(last + timedelta(days=1), end or date.max)
    return span if span[0] < span[1] else None


def read_whole_days(client: Client, first: date, end: date) -> dict[tuple[str, date], bool]:
    """Chains and days with blocks, and whether all blocks of the day are there."""
    # One day more on each side, so that the neighbours of the first and last block are seen.
    span = {"first": first - timedelta(days=1), "end": end + timedelta(days=1)}
    rows = client.query(_sql("days"), parameters=span).result_rows
    return whole_days([ChainDay(*row) for row in rows])


def read_day_versions(client: Client, first: date, end: date) -> dict[date, int]:
    """A number for each day of the marts that changes with its content."""
    rows = client.query(_sql("versions"), parameters={"first": first, "end": end}).result_rows
    return {row[0]: row[1] for row in rows}


def read_batch(
    client: Client,
    rules: AnomalySettings,
    wanted: Sequence[date],
    whole: Mapping[tuple[str, date], bool],
) -> Batch:
    """Everything needed to judge these days (sorted)."""
    first, end = window_start(rules, wanted), wanted[-1] + timedelta(days=1)
    largest = {day: _largest_addresses(client, rules, day) for day in wanted}
    addresses = sorted(set().union(*largest.values()))
    return Batch(
        panels={
            "token": _tokens(client, first, end),
            "address": _flows(client, first, end, addresses),
        },
        whole=whole,
        chosen={"address": largest},
    )


def _tokens(client: Client, first: date, end: date) -> Panel:
    parameters = {"first": first, "end": end, "least_days": LEAST_OBSERVED}
    table = _columns(client, "tokens", parameters)
    return _panel(first, end, table, _TOKEN_COLUMNS)


def _flows(client: Client, first: date, end: date, addresses: Sequence[tuple[str, str]]) -> Panel:
    table: dict[str, list[Any]] = {}
    for place in range(0, max(len(addresses), 1), _ADDRESSES_AT_ONCE):
        part = list(addresses[place : place + _ADDRESSES_AT_ONCE])
        rows = _columns(client, "flows", {"first": first, "end": end, "addresses": part})
        for name, values in rows.items():
            table.setdefault(name, []).extend(values)
    return _panel(first, end, table, ("net_flow_usd",))


def _largest_addresses(
    client: Client, rules: AnomalySettings, day: date
) -> frozenset[tuple[str, str]]:
    parameters = {
        "first": day - timedelta(days=rules.window_days),
        "end": day + timedelta(days=1),
        "least_days": LEAST_OBSERVED,
        "most": rules.top_addresses,
    }
    rows = client.query(_sql("largest_addresses"), parameters=parameters).result_rows
    return frozenset((chain, address) for chain, address in rows)


def _columns(client: Client, name: str, parameters: dict[str, Any]) -> dict[str, list[Any]]:
    """Columns by name; {} without rows, for then ClickHouse's Native format names none."""
    result = client.query(_sql(name), parameters=parameters, column_oriented=True)
    columns = result.result_columns or [[] for _ in result.column_names]
    return {n: list(c) for n, c in zip(result.column_names, columns, strict=True)}


def _panel(first: date, end: date, table: dict[str, list[Any]], numbers: Sequence[str]) -> Panel:
    return build_panel(
        first,
        (end - first).days,
        table.get("block_date", ()),
        table.get("chain", ()),
        table.get("entity_id", ()),
        {name: np.array(table.get(name, ()), dtype=np.float64) for name in numbers},
        table.get("symbol", ()),
    )
