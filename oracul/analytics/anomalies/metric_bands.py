"""Every judged value with its band, as columns of `meta.metric_bands`. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from oracul.analytics.anomalies.findings import Subject
from oracul.analytics.anomalies.judge import Compared
from oracul.analytics.anomalies.metrics import Metric
from oracul.analytics.anomalies.robust import Floats


@dataclass(frozen=True)
class MetricBands:
    """The values of one metric that were judged. Numbers in the metric's units, aligned by place.

    `severity` is that of the anomaly that was told, None where none was. On its day the numbers are
    those of its `ensemble` row.
    """

    metric: Metric
    subjects: Sequence[Subject]
    value: Floats
    expected: Floats
    lower: Floats
    upper: Floats
    severity: Sequence[str | None]

    def __len__(self) -> int:
        return len(self.subjects)


def bands_of(
    metric: Metric,
    compared: Compared,
    subjects: Sequence[Subject],
    told: Mapping[tuple[str, str, date], str],
) -> MetricBands:
    """Bands of what was judged. `subjects[i]` belongs to row i of what was passed to `judge`;
    `told` has the severity of each told anomaly by chain, entity and day.
    """
    judged = [subjects[row] for row in compared.rows]
    return MetricBands(
        metric,
        judged,
        compared.value,
        compared.expected,
        compared.lower,
        compared.upper,
        [told.get((s.chain, s.entity_id, s.day)) for s in judged],
    )
