"""Reading and writing `meta.anomalies`: a rerun writes only what differs from what is there."""

from collections.abc import Iterable, Sequence
from dataclasses import astuple
from datetime import date, datetime
from itertools import chain as chain_together
from math import isclose

from oracul.analytics.anomalies.findings import Finding
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


def _same(a: Finding, b: Finding) -> bool:
    numbers = zip(_numbers(a), _numbers(b), strict=True)
    same_text = (a.severity, a.explanation) == (b.severity, b.explanation)
    return same_text and all(isclose(x, y, abs_tol=1e-12) for x, y in numbers)


def _numbers(finding: Finding) -> tuple[float, ...]:
    return (finding.value, finding.expected, finding.lower, finding.upper, finding.score)
