"""The rules: which rows are worth telling people. Pure; rows in, alerts with stable ids out.

An id names the occasion, not the run: the same trouble found again has the same id, and after it
was over (a check passed, a step went through) the next time is a new occasion. The subject stays
the same from one occasion to the next. `conditions` has the rules whose rows know no beginning.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import get_args

from oracul.alerts.text import harmless, unlinked
from oracul.settings import AlertRule, Severity

SEVERITIES: tuple[Severity, ...] = get_args(Severity)
RULES: tuple[AlertRule, ...] = get_args(AlertRule)


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
    """One thing to tell; texts are harmless already.

    `subject` is what it is about. An empty id: the occasion is named when it is known whether the
    subject was in trouble before (`conditions.named`).
    """

    alert_id: str
    rule: AlertRule
    severity: Severity
    title: str
    body: str
    subject: str = ""


def check_alerts(checks: Iterable[FailedCheck]) -> list[Alert]:
    """One critical alert for each failed check."""
    return [
        Alert(
            identity("check_failed", row.suite, row.table, row.check, row.since),
            "check_failed",
            "critical",
            harmless(f"Check failed on {row.table}: {row.check}"),
            harmless(
                f"observed {row.observed or 'nothing'}, expected {row.expected or 'otherwise'}"
                + (f"; {row.unexpected_count:,} rows" if row.unexpected_count else "")
                + (f"; {row.details}" if row.details else "")
            ),
            harmless(f"{row.suite}/{row.table}/{row.check}"),
        )
        for row in checks
    ]


def step_alerts(steps: Iterable[TroubledStep]) -> list[Alert]:
    """A high alert for each failed step, a medium one for each degraded step."""
    alerts = []
    for row in steps:
        rule: AlertRule = "step_failed" if row.status == "failed" else "step_degraded"
        where = f" on {row.chain}" if row.chain else ""
        verb = "failed" if row.status == "failed" else "is degraded"
        alerts.append(
            Alert(
                identity(rule, row.step, row.chain, _reason(row.error), row.since),
                rule,
                "high" if row.status == "failed" else "medium",
                harmless(f"{row.step} {verb}{where}"),
                harmless(f"{row.error or 'no reason was given'} (run {row.run_id})"),
                harmless(f"{row.step}/{row.chain}" if row.chain else row.step),
            )
        )
    return alerts


def anomaly_alerts(anomalies: Iterable[ActiveAnomaly], least: Severity) -> list[Alert]:
    """One alert for each anomaly of severity `least` or worse, the worst and newest first."""
    told = [row for row in anomalies if rank(row.severity) >= rank(least)]
    told.sort(key=lambda row: (-rank(row.severity), -row.day.toordinal(), -abs(row.score)))
    return [
        Alert(
            identity(
                "anomaly", row.entity_type, row.chain, row.entity_id, row.metric,
                row.day.isoformat(),
            ),
            "anomaly",
            row.severity,
            harmless(f"{row.metric} of {row.entity_type} {row.entity_id} on {row.day}"),
            unlinked(harmless(row.explanation)),
            harmless(f"{row.entity_type}/{row.chain}/{row.entity_id}"),
        )
        for row in told
    ]  # fmt: skip


def worst(alerts: Iterable[Alert]) -> Severity:
    """The highest severity among `alerts`; `low` when there are none."""
    return max((alert.severity for alert in alerts), key=rank, default="low")


def rank(severity: Severity) -> int:
    """0 for low to 3 for critical."""
    return SEVERITIES.index(severity)


def identity(*parts: str) -> str:
    """A short stable name of these parts."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]


def _reason(error: str) -> str:
    """What is wrong, without how it was put this time: numbers, order, and words after a colon."""
    faults = {_without_numbers(fault.partition(": ")[0]).strip() for fault in error.split(";")}
    return "; ".join(sorted(faults))


def _without_numbers(text: str) -> str:
    """The text with its numbers blanked, so that `tried 7 times` and `tried 8 times` are one."""
    return re.sub(r"\d+", "#", text)[:160]
