"""Judge all metrics of all entities on a batch of days. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

from oracul.analytics.anomalies.findings import ENSEMBLE, Finding, Subject, findings
from oracul.analytics.anomalies.judge import MOST_MODELLED, judge
from oracul.analytics.anomalies.metric_bands import MetricBands, bands_of
from oracul.analytics.anomalies.metrics import EntityType, Metric, metrics_of
from oracul.analytics.anomalies.panels import Panel, chain_mask, series, windows
from oracul.analytics.anomalies.robust import Floats
from oracul.settings import AnomalySettings


@dataclass(frozen=True)
class Batch:
    """All that is needed to judge some days.

    `panels` reach back a window and a day before the first of them. `whole` says of each chain and
    day with blocks whether all are there. `chosen[type]` names, where not every entity of a panel
    is judged, those that are, by day.
    """

    panels: Mapping[EntityType, Panel]
    whole: Mapping[tuple[str, date], bool]
    chosen: Mapping[EntityType, Mapping[date, frozenset[tuple[str, str]]]]


@dataclass(frozen=True)
class JudgedDays:
    """What was found on some days, and the band of every value that was judged, by metric."""

    findings: list[Finding] = field(default_factory=list)
    bands: list[MetricBands] = field(default_factory=list)

    @property
    def judged(self) -> int:
        """Values that had enough history."""
        return sum(map(len, self.bands))


def judge_days(rules: AnomalySettings, batch: Batch, wanted: Sequence[date]) -> JudgedDays:
    """Judge these days. None sees itself or a later one in its history."""
    days = JudgedDays()
    for entity_type, panel in batch.panels.items():
        for metric in metrics_of(entity_type):
            history, value, subjects = _stack(rules, batch, panel, metric, wanted)
            if not len(value):
                continue
            verdicts = judge(
                metric,
                history,
                value,
                min_history_days=rules.min_history_days,
                most_modelled=MOST_MODELLED * len(wanted),
            )
            least = rules.min_volume_usd if metric.unit == "USD" else metric.least_move
            found = [
                finding
                for finding in findings(metric, verdicts, subjects, least)
                if _can_be_said(metric, finding, batch.whole)
            ]
            told = {
                (f.chain, f.entity_id, f.day): f.severity for f in found if f.method == ENSEMBLE
            }
            days.findings.extend(found)
            days.bands.append(bands_of(metric, verdicts.compared, subjects, told))
    return days


def _stack(
    rules: AnomalySettings, batch: Batch, panel: Panel, metric: Metric, wanted: Sequence[date]
) -> tuple[Floats, Floats, list[Subject]]:
    """Windows of all entities on all days, one under the other."""
    matrix = series(panel, metric, batch.whole)
    usable = (
        np.ones(matrix.shape, dtype=bool)
        if metric.shape == "return"
        else chain_mask(panel, batch.whole, partial=False)
    )
    chosen = batch.chosen.get(metric.entity_type)
    histories, values, subjects = [], [], []
    for day in wanted:
        rows = [
            row
            for row, key in enumerate(panel.keys)
            if chosen is None or key in chosen.get(day, frozenset())
        ]
        history, value = windows(
            matrix[rows], usable[rows], panel.seen[rows], panel.column(day), rules.window_days
        )
        histories.append(history)
        values.append(value)
        subjects += [Subject(*panel.keys[row], panel.names[row], day) for row in rows]
    return np.concatenate(histories), np.concatenate(values), subjects


def _can_be_said(metric: Metric, finding: Finding, whole: Mapping[tuple[str, date], bool]) -> bool:
    """A day whose blocks are not all there can have too much already, but not yet too little."""
    if metric.shape in ("return", "signed") or finding.value >= finding.expected:
        return True
    return whole.get((finding.chain, finding.day), False)


def window_start(rules: AnomalySettings, wanted: Sequence[date]) -> date:
    """First day a panel must reach back to: a window, and one day more for the first return."""
    return min(wanted) - timedelta(days=rules.window_days + 1)
