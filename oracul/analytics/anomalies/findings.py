"""Findings as rows of `meta.anomalies`: one `ensemble` row each, the methods' rows as evidence."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from oracul.analytics.anomalies.explain import entity_label, explain, explain_method
from oracul.analytics.anomalies.judge import Judged
from oracul.analytics.anomalies.metrics import Metric
from oracul.analytics.anomalies.robust import Floats
from oracul.analytics.anomalies.severity import SEVERITIES, rank_of_score

ENSEMBLE = "ensemble"


@dataclass(frozen=True)
class Finding:
    """One row of `meta.anomalies` without run, instant and state. Numbers in the metric's units."""

    entity_type: str
    chain: str
    entity_id: str
    metric: str
    day: date
    method: str
    value: float
    expected: float
    lower: float
    upper: float
    score: float
    severity: str
    explanation: str

    @property
    def key(self) -> tuple[str, str, str, str, date, str]:
        """What the table is keyed by."""
        return (self.entity_type, self.chain, self.entity_id, self.metric, self.day, self.method)


@dataclass(frozen=True)
class Subject:
    """Whose value a judged row is, on which day."""

    chain: str
    entity_id: str
    name: str
    day: date


def findings(
    metric: Metric, judged: Judged, subjects: Sequence[Subject], least_move: float
) -> Iterator[Finding]:
    """Rows for each judged value that lies further than `least_move` from what was expected.

    `subjects[i]` belongs to row i of what was passed to `judge`.
    """
    for i, row in enumerate(judged.rows):
        if abs(judged.value[i] - judged.expected[i]) >= least_move:
            yield _ensemble(metric, judged, i, subjects[row])
            yield from _evidence(metric, judged, i, subjects[row])


def _ensemble(metric: Metric, judged: Judged, i: int, subject: Subject) -> Finding:
    verdict = judged.verdict
    numbers = _ordered(judged.value, judged.expected, judged.lower, judged.upper, verdict.score, i)
    return Finding(
        metric.entity_type,
        subject.chain,
        subject.entity_id,
        metric.name,
        subject.day,
        ENSEMBLE,
        **numbers,
        severity=SEVERITIES[int(verdict.rank[i])],
        explanation=explain(
            metric,
            entity_label(subject.chain, subject.entity_id, subject.name),
            subject.day,
            **numbers,
            votes=int(verdict.votes[i]),
            voters=int(verdict.voters[i]),
            has_pattern=bool(judged.has_pattern[i]),
        ),
    )


def _evidence(metric: Metric, judged: Judged, i: int, subject: Subject) -> Iterator[Finding]:
    for method, (expected, lower, upper, score) in judged.bands.items():
        rank = int(rank_of_score(score[i : i + 1])[0])
        if np.isnan(score[i]) or rank < 0:
            continue
        numbers = _ordered(judged.value, expected, lower, upper, score, i)
        yield Finding(
            metric.entity_type,
            subject.chain,
            subject.entity_id,
            metric.name,
            subject.day,
            method,
            **numbers,
            severity=SEVERITIES[rank],
            explanation=explain_method(metric, method, **numbers),
        )


def _ordered(
    value: Floats, expected: Floats, lower: Floats, upper: Floats, score: Floats, i: int
) -> dict[str, float]:
    """Plain floats, with the ways back from the scale kept in order despite rounding."""
    middle = float(expected[i])
    return {
        "value": float(value[i]),
        "expected": middle,
        "lower": min(float(lower[i]), middle),
        "upper": max(float(upper[i]), middle),
        "score": float(np.clip(score[i], -1e6, 1e6)),
    }
