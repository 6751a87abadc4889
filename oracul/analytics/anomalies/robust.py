"""Order statistics of many rows at once, blind to NaN (numpy's own nan-versions are 20× slower)."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

# 1 / Phi^-1(3/4): makes the median absolute deviation estimate a normal standard deviation.
MAD_TO_SIGMA = 1.4826
# 1 / (Phi^-1(3/4) - Phi^-1(1/4)): the same for the interquartile range.
IQR_TO_SIGMA = 0.7413

# sqrt(pi / 2): makes the mean absolute error estimate a normal standard deviation.
MEAN_ABSOLUTE_TO_SIGMA = 1.2533
# Weight of an error against that of the day after.
FADING = 0.97


def counts(x: Floats) -> Floats:
    """Values that are not NaN along the last axis."""
    return np.asarray((~np.isnan(x)).sum(axis=-1), dtype=np.float64)


def quantile(x: Floats, *shares: float) -> list[Floats]:
    """Quantiles along the last axis, linear between neighbours; NaN where a row has no value."""
    ordered = np.sort(x, axis=-1)  # NaN sorts last
    last = np.maximum(counts(x) - 1, 0)
    results = []
    for share in shares:
        place = last * share
        low = np.floor(place).astype(np.intp)
        high = np.ceil(place).astype(np.intp)
        below = np.take_along_axis(ordered, low[..., None], axis=-1)[..., 0]
        above = np.take_along_axis(ordered, high[..., None], axis=-1)[..., 0]
        results.append(below + (above - below) * (place - low))
    return results


def median(x: Floats) -> Floats:
    """Median along the last axis; NaN where a row has no value."""
    return quantile(x, 0.5)[0]


def mad_sigma(x: Floats, center: Floats | float) -> Floats:
    """Robust standard deviation along the last axis: median distance from `center`, scaled."""
    around = center[..., None] if isinstance(center, np.ndarray) else center
    return MAD_TO_SIGMA * median(np.abs(x - around))


def recent_sigma(errors: Floats) -> Floats:
    """Standard deviation of forecast errors along the last axis, newest last and weighing most.

    Markets are calm and wild by turns, so what counts is how wild it was lately: mean absolute
    error with weights halving every 23 days, each error cut at five robust deviations so that one
    outlier does not hide the next.
    """
    usual = mad_sigma(errors, 0.0)
    size = np.minimum(np.abs(errors), np.maximum(5.0 * usual, 1e-12)[..., None])
    weight = np.where(np.isnan(size), 0.0, FADING ** np.arange(errors.shape[-1])[::-1])
    mean = (np.nan_to_num(size) * weight).sum(axis=-1) / np.maximum(weight.sum(axis=-1), 1e-12)
    return np.asarray(np.where(np.isnan(usual), np.nan, MEAN_ABSOLUTE_TO_SIGMA * mean))
