"""The weekly pattern: how each weekday differs, and Holt-Winters over all rows at once.

Windows end the day before the one that is judged, so column -7 is the same weekday.
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from oracul.analytics.anomalies.bands import Band, small_sample
from oracul.analytics.anomalies.robust import Floats, counts, mad_sigma, median, recent_sigma

WEEK = 7
# Below four weeks a weekday has been seen too seldom to tell its habit from chance.
LEAST_DAYS = 4 * WEEK
# Smoothing of level and of weekdays that is tried; each row keeps the pair that forecast it best.
SMOOTHING = tuple((level, season) for level in (0.03, 0.15, 0.4) for season in (0.0, 0.1))
# An error counts up to this many sigmas when the forecast is updated (Gelper, Fried and Croux 2010,
# "Robust forecasting with exponential and Holt-Winters smoothing").
CLIP_AT = 3.0
# After this many such days in a row on one side it is not an outlier but a new level.
NEW_LEVEL_AFTER = 4


@dataclass(frozen=True)
class Weekly:
    """What the weekly pattern says of each row.

    `effect` (n, 7): distance of each weekday from the row's level, column 0 = the judged weekday,
    zeros where no pattern shows. `has_pattern` (n,): it does. `band`: one-step forecast.
    `clean` (n, days): history with gaps filled and outliers cut, for models that are not robust.
    """

    effect: Floats
    has_pattern: np.ndarray
    band: Band
    clean: Floats


def weekday_columns(length: int) -> np.ndarray:
    """Weekday of each column of a window: 0 is that of the judged day, which comes after them."""
    return (np.arange(length) - length) % WEEK


def weekday_effect(history: Floats, noise: Floats) -> tuple[Floats, np.ndarray]:
    """Robust effect (n, 7) of each weekday and whether it is more than chance.

    Median of each weekday after a running median of seven days is taken off, shrunk by the share
    of its variance that noise alone would explain; a pattern that noise explains to more than
    40 % counts as none.
    """
    length = history.shape[1]
    trend = median(sliding_window_view(history, WEEK, axis=1))
    bare = history[:, 3 : length - 3] - trend
    weekday = weekday_columns(length)[3 : length - 3]
    effect = np.stack([median(bare[:, weekday == day]) for day in range(WEEK)], axis=1)
    effect = np.nan_to_num(effect)
    effect -= effect.mean(axis=1, keepdims=True)
    sigma = np.maximum(mad_sigma(bare - effect[:, weekday], 0.0), noise)
    by_chance = 1.57 * sigma**2 / np.maximum(counts(bare) / WEEK, 1.0)
    share = 1.0 - by_chance / np.maximum(effect.var(axis=1), 1e-12)
    has_pattern = share > 0.6
    return effect * np.where(has_pattern, share, 0.0)[:, None], has_pattern


def weekly(history: Floats, noise: Floats) -> Weekly:
    """Weekly pattern and forecast of rows (n, days) that are nearly complete, days ≥ 28."""
    effect, has_pattern = weekday_effect(history, noise)
    best = np.full(len(history), np.inf)
    expected = np.zeros(len(history))
    sigma = np.ones(len(history))
    clean = history.copy()
    for level_rate, season_rate in SMOOTHING:
        forecast, errors, cleaned = _holt_winters(history, effect, noise, level_rate, season_rate)
        spread = np.maximum(recent_sigma(errors), noise)
        lost = np.nanmean(np.minimum(np.abs(errors), CLIP_AT * spread[:, None]), axis=1)
        better = lost < best
        best = np.where(better, lost, best)
        expected = np.where(better, forecast, expected)
        sigma = np.where(better, spread, sigma)
        clean[better] = cleaned[better]
    sigma = sigma * small_sample(counts(history))
    return Weekly(effect, has_pattern, Band("ets", expected, sigma), clean)


def _holt_winters(
    history: Floats, effect: Floats, noise: Floats, level_rate: float, season_rate: float
) -> tuple[Floats, Floats, Floats]:
    """Additive Holt-Winters without trend: next forecast, errors after two weeks, cleaned history.

    The recursion is that of statsmodels' ETS(A,N,A), except that errors are cut before they
    update (none is, and the two agree, as long as no error exceeds three sigmas). A missing day
    updates nothing.
    """
    n, length = history.shape
    weekday = weekday_columns(length)
    season = effect.copy()
    level = _first_level(history - effect[:, weekday])
    errors = np.full((n, length), np.nan)
    cleaned = np.empty((n, length))
    limit = np.full(n, np.inf)
    beyond = np.zeros(n)  # days in a row outside the limit, signed by the side
    for day in range(length):
        slot = weekday[day]
        forecast = level + season[:, slot]
        error = history[:, day] - forecast
        errors[:, day] = error
        if day >= 2 * WEEK and day % WEEK == 0:
            limit = CLIP_AT * np.maximum(mad_sigma(errors[:, :day], 0.0), noise)
            limit = np.where(np.isnan(limit), np.inf, limit)
        update = np.nan_to_num(np.clip(error, -limit, limit))
        side = np.where(np.abs(error) > limit, np.sign(error), 0.0)
        beyond = np.where(side == 0, 0.0, np.where(side * beyond > 0, beyond, 0.0) + side)
        update = np.where(np.abs(beyond) > NEW_LEVEL_AFTER, error, update)
        cleaned[:, day] = forecast + update
        level = level + level_rate * update
        season[:, slot] += season_rate * update
    return level + season[:, 0], errors[:, 2 * WEEK :], cleaned


def _first_level(adjusted: Floats) -> Floats:
    """Median of the first three weeks a row has, which may start anywhere in the window."""
    start = (~np.isnan(adjusted)).argmax(axis=1)
    places = np.minimum(start[:, None] + np.arange(3 * WEEK), adjusted.shape[1] - 1)
    return median(np.take_along_axis(adjusted, places, axis=1))
