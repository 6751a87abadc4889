"""The three plain baselines over a trailing window: z-score, interquartile range and MAD."""

import numpy as np

from oracul.analytics.anomalies.bands import Band, small_sample
from oracul.analytics.anomalies.robust import IQR_TO_SIGMA, Floats, counts, mad_sigma, quantile


def baselines(history: Floats, noise: Floats) -> list[Band]:
    """Bands of `zscore`, `iqr` and `mad` for each row of `history` (n, days), NaN = missing.

    `noise` (n,) is the smallest sigma believed.
    """
    widen = small_sample(counts(history))
    low, middle, high = quantile(history, 0.25, 0.5, 0.75)
    mean, deviation = _mean_and_deviation(history)

    def at_least(sigma: Floats) -> Floats:
        return np.asarray(np.maximum(sigma, noise) * widen)

    return [
        Band("zscore", mean, at_least(deviation)),
        Band("iqr", middle, at_least((high - low) * IQR_TO_SIGMA)),
        Band("mad", middle, at_least(mad_sigma(history, middle))),
    ]


def _mean_and_deviation(x: Floats) -> tuple[Floats, Floats]:
    known = ~np.isnan(x)
    n = np.maximum(known.sum(axis=1), 1)
    # The first known value is taken off first: variance of large, nearly equal numbers is exact.
    anchor = np.take_along_axis(x, known.argmax(axis=1)[:, None], axis=1)
    centred = np.where(known, x - anchor, 0.0)
    mean = centred.sum(axis=1) / n
    squares = np.where(known, (centred - mean[:, None]) ** 2, 0.0).sum(axis=1)
    deviation = np.sqrt(squares / np.maximum(n - 1, 1))
    return np.asarray(mean + np.nan_to_num(anchor[:, 0])), np.asarray(deviation)
