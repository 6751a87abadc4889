"""Reading and writing `meta.anomalies` and `meta.metric_bands`.

Of anomalies a rerun writes only what differs from what is there; of bands the days it judged.
"""

from collections.abc import Iterable, Sequence
from dataclasses import astuple
from datetime import date, datetime
from itertools import chain as chain_together
from math import isclose
from typing import Any

import numpy as np

from oracul.analytics.anomalies.findings import Finding
from oracul.analytics.anomalies.metric_bands import MetricBands
from oracul.warehouse import Client

# In the order of the fields of Finding.
_COLUMNS = (
    "entity_type", "chain", "entity_id", "metric", "date", "method",
    "value", "expected", "lower", "upper", "score", "severity", "explanation",
)  # fmt: skip
_EXISTING_SQL = f"""
select {", ".join(_COLUMNS)}
from meta.anomalies final
where is_active and date in {{days:Array(Date)}}
"""
_KEY = "entity_type, chain, entity_id, metric, date"
# What these days had and this run no longer judges: too short a history, spam, or gone.
_FORGET_SQL = f"""
insert into meta.metric_bands ({_KEY}, run_id, judged_at, is_deleted)
select {_KEY}, {{run_id:String}}, {{now:DateTime64(3, 'UTC')}}, 1
from meta.metric_bands final
where date in {{days:Array(Date)}} and judged_at != {{now:DateTime64(3, 'UTC')}}
"""


def read_active(client: Client, days: Sequence[date]) -> list[Finding]:
    """What is active on these days."""
    rows = client.query(_EXISTING_SQL, parameters={"days": list(days)}).result_rows
    return [Finding(*row) for row in rows]


def changes(
    existing: Iterable[Finding], found: Iterable[Finding]
) -> tuple[list[Finding], list[Finding]]:
    """(rows to write, rows to deactivate) that turn `existing` into `found`.

    Numbers that differ by rounding alone (one part in 10^9) count as the same, so a rebuild of the
    marts that adds in another order changes nothing here.
    """
    before = {finding.key: finding for finding in existing}
    after = {finding.key: finding for finding in found}
    write = [f for key, f in after.items() if key not in before or not _same(before[key], f)]
    return write, [f for key, f in before.items() if key not in after]


def write(
    client: Client,
    *,
    active: Sequence[Finding],
    gone: Sequence[Finding],
    run_id: str,
    now: datetime,
) -> None:
    """Write new states of rows. Writing the same twice leaves the same table."""
    rows = [
        [*astuple(finding), run_id, is_active, now]
        for finding, is_active in chain_together(
            ((f, True) for f in active), ((f, False) for f in gone)
        )
    ]
    if rows:
        client.insert(
            "anomalies",
            rows,
            database="meta",
            column_names=[*_COLUMNS, "run_id", "is_active", "detected_at"],
        )


def write_bands(
    client: Client,
    bands: Sequence[MetricBands],
    days: Sequence[date],
    *,
    run_id: str,
    now: datetime,
) -> None:
    """Make the bands of these days those of this run. Can be run again at any time."""
    # To the millisecond that is kept, so that the rows written here are known again below.
    at = now.replace(microsecond=now.microsecond // 1000 * 1000)
    if columns := _columns(bands):
        rows = len(columns["date"])
        columns |= {"run_id": [run_id] * rows, "judged_at": [at] * rows}
        client.insert(
            "metric_bands",
            list(columns.values()),
            database="meta",
            column_names=list(columns),
            column_oriented=True,
        )
    client.command(_FORGET_SQL, {"days": list(days), "run_id": run_id, "now": at})


def _columns(bands: Sequence[MetricBands]) -> dict[str, Any]:
    """Columns by name, the metrics one under the other; {} without rows."""
    if not any(bands):
        return {}
    subjects = [subject for band in bands for subject in band.subjects]
    metrics = [band.metric for band in bands for _ in band.subjects]
    return {
        "entity_type": [metric.entity_type for metric in metrics],
        "chain": [subject.chain for subject in subjects],
        "entity_id": [subject.entity_id for subject in subjects],
        "symbol": [subject.name or None for subject in subjects],
        "metric": [metric.name for metric in metrics],
        "date": [subject.day for subject in subjects],
        "value": np.concatenate([band.value for band in bands]),
        "expected": np.concatenate([band.expected for band in bands]),
        "lower": np.concatenate([band.lower for band in bands]),
        "upper": np.concatenate([band.upper for band in bands]),
        "severity": [severity for band in bands for severity in band.severity],
    }


def _same(a: Finding, b: Finding) -> bool:
    numbers = zip(_numbers(a), _numbers(b), strict=True)
    same_text = (a.severity, a.explanation) == (b.severity, b.explanation)
    return same_text and all(isclose(x, y, abs_tol=1e-12) for x, y in numbers)


def _numbers(finding: Finding) -> tuple[float, ...]:
    return (finding.value, finding.expected, finding.lower, finding.upper, finding.score)
