"""The rules: which rows are worth telling people. Pure; rows in, alerts with stable ids out.

An id names the occasion, not the run: the same trouble found again has the same id, and after it
was over (a check passed, a step went through) the next time is a new occasion.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from oracul.alerts.text import harmless, unlinked

Severity = Literal["low", "medium", "high", "critical"]
SEVERITIES: tuple[Severity, ...] = ("low", "medium", "high", "critical")
# Each has its page in docs/runbooks/.
Rule = Literal["check_failed", "step_failed", "step_degraded", "anomaly"]
RULES: tuple[Rule, ...] = get_args(Rule)


@dataclass(frozen=True)
class FailedCheck:
    """A critical check whose newest result is a failure; `since` is the run where that began."""

    suite: str
    table: str
    check: str
    observed: str
    expected: str
    unexpected_count: int
    details: str
    since: str


@dataclass(frozen=True)
class TroubledStep:
    """A step whose newest run failed or degraded; `since` is the run where that began."""

    step: str
    chain: str
    status: str
    error: str
    run_id: str
    since: str


@dataclass(frozen=True)
class ActiveAnomaly:
    """One finding of the ensemble, as `meta.anomalies` has it."""

    entity_type: str
    chain: str
    entity_id: str
    metric: str
    day: date
    severity: Severity
    score: float
    explanation: str


@dataclass(frozen=True)
class Alert:
    """One thing to tell. `group` bundles what belongs together; texts are harmless already."""

    alert_id: str
    rule: Rule
    severity: Severity
    title: str
    body: str
    group: str = ""


def check_alerts(checks: Iterable[FailedCheck]) -> list[Alert]:
    """One critical alert for each failed check."""
    return [
        Alert(
            _id("check_failed", row.suite, row.table, row.check, row.since),
            "check_failed",
            "critical",
            harmless(f"Check failed on {row.table}: {row.check}"),
            harmless(
                f"observed {row.observed or 'nothing'}, expected {row.expected or 'otherwise'}"
                + (f"; {row.unexpected_count:,} rows" if row.unexpected_count else "")
                + (f"; {row.details}" if row.details else "")
            ),
        )
        for row in checks
    ]


def step_alerts(steps: Iterable[TroubledStep]) -> list[Alert]:
    """A high alert for each failed step, a medium one for each degraded step."""
    alerts = []
    for row in steps:
        rule: Rule = "step_failed" if row.status == "failed" else "step_degraded"
        where = f" on {row.chain}" if row.chain else ""
        verb = "failed" if row.status == "failed" else "is degraded"
        alerts.append(
            Alert(
                _id(rule, row.step, row.chain, _reason(row.error), row.since),
                rule,
                "high" if row.status == "failed" else "medium",
                harmless(f"{row.step} {verb}{where}"),
                harmless(f"{row.error or 'no reason was given'} (run {row.run_id})"),
            )
        )
    return alerts


def anomaly_alerts(anomalies: Iterable[ActiveAnomaly], least: Severity) -> list[Alert]:
    """One alert for each anomaly of severity `least` or worse, the worst and newest first."""
    told = [row for row in anomalies if _rank(row.severity) >= _rank(least)]
    told.sort(key=lambda row: (-_rank(row.severity), -row.day.toordinal(), -abs(row.score)))
    return [
        Alert(
            _id(
                "anomaly", row.entity_type, row.chain, row.entity_id, row.metric,
                row.day.isoformat(),
            ),
            "anomaly",
            row.severity,
            harmless(f"{row.metric} of {row.entity_type} {row.entity_id} on {row.day}"),
            unlinked(harmless(row.explanation)),
            group=f"{row.entity_type}/{row.chain}/{row.entity_id}",
        )
        for row in told
    ]  # fmt: skip


def worst(alerts: Iterable[Alert]) -> Severity:
    """The highest severity among `alerts`; `low` when there are none."""
    return max((alert.severity for alert in alerts), key=_rank, default="low")


def _rank(severity: Severity) -> int:
    return SEVERITIES.index(severity)


def _id(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]


def _reason(error: str) -> str:
    """What is wrong, without how it was put this time: numbers, order, and words after a colon."""
    faults = {_without_numbers(fault.partition(": ")[0]).strip() for fault in error.split(";")}
    return "; ".join(sorted(faults))


def _without_numbers(text: str) -> str:
    """The text with its numbers blanked, so that `tried 7 times` and `tried 8 times` are one."""
    return re.sub(r"\d+", "#", text)[:160]
