"""The scale a metric is judged on: logarithmic for amounts, signed for flows, as is for returns.

Amounts on chain are heavy-tailed: doubling is as far as halving. `asinh(value / unit)` is
logarithmic for values far above `unit`, linear around zero and defined for negative ones, and with
`unit` taken from the series itself the verdict does not depend on the currency or the decimals
(Burbidge, Magee and Robb 1988, "Alternative transformations to handle extreme values").
"""

from dataclasses import dataclass

import numpy as np

from oracul.analytics.anomalies.metrics import Metric
from oracul.analytics.anomalies.robust import Floats, median, quantile

# Larger magnitudes are cut: sinh and exp of what comes back must stay finite.
LARGEST = 1e60
_CUT = {"return": 20.0}


@dataclass(frozen=True)
class Scaled:
    """History (n, days) and values (n,) on the judging scale, with the way back."""

    history: Floats
    value: Floats
    unit: Floats
    noise: Floats
    metric: Metric

    def back(self, y: Floats) -> Floats:
        """Original units of numbers on the scale; amounts and counts are never negative."""
        if self.metric.shape == "return":
            return np.asarray(np.expm1(np.clip(y, -_CUT["return"], _CUT["return"])))
        raw = self.unit * np.sinh(np.clip(y, -200.0, 200.0))
        return raw if self.metric.shape == "signed" else np.maximum(raw, 0.0)


def to_scale(metric: Metric, history: Floats, value: Floats) -> Scaled:
    """Put windows on the metric's scale. What is not finite counts as missing (NaN)."""
    history, value = _finite(history), _finite(value)
    if metric.shape == "return":
        unit = np.ones(len(value))
        forward = _log_return
    else:
        unit = _unit(metric, history)

        def forward(x: Floats) -> Floats:
            return np.asarray(np.arcsinh(x / (unit[:, None] if x.ndim == 2 else unit)))

    noise = np.full(len(value), metric.noise_floor)
    if metric.shape == "count":
        # Counts vary by their square root even when nothing changes (Poisson); on a logarithmic
        # scale that is 1 / sqrt(count).
        noise = np.maximum(noise, 1.0 / np.sqrt(np.nan_to_num(median(history)) + 1.0))
    return Scaled(forward(history), forward(value), unit, noise, metric)


def _finite(x: Floats) -> Floats:
    clean = np.where(np.isfinite(x), x, np.nan)
    return np.asarray(np.clip(clean, -LARGEST, LARGEST))


def _log_return(x: Floats) -> Floats:
    # A price that fell to nothing is a return of -100 %: cut where the logarithm ends.
    return np.asarray(np.log1p(np.maximum(x, np.expm1(-_CUT["return"]))))


def _unit(metric: Metric, history: Floats) -> Floats:
    """Where linear turns logarithmic: a multiple of what is typical for the row.

    A tenth for amounts and counts, so that all but near-zero values are on the logarithmic part.
    Flows change sign, so the usual ones belong on the linear part: 1.5 to 4 times the median, less
    the heavier the tail (measured: docs/explanation/anomalies.md).
    """
    size = np.where(history != 0, np.abs(history), np.nan)
    typical, large = quantile(size, 0.5, 0.9)
    if metric.shape == "signed":
        tail = np.nan_to_num(large / np.maximum(typical, 1e-30), nan=1.0)
        typical = typical * np.clip(6.4 / np.sqrt(np.maximum(tail, 1.0)), 1.5, 4.0)
    else:
        typical = typical * 0.1
    unit = np.where(np.isnan(typical), 1.0, typical)
    return np.maximum(unit, 1.0) if metric.shape == "count" else np.maximum(unit, 1e-30)
