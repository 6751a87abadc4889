"""The two statsmodels opinions, for the few rows that the screen found: robust STL and ETS.

Both see history only, cleaned by the screen (gaps filled, outliers cut), and forecast one day.
"""

import warnings

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from oracul.analytics.anomalies.bands import Band, small_sample
from oracul.analytics.anomalies.robust import Floats, recent_sigma
from oracul.analytics.anomalies.weekly import WEEK

# Days whose median is the level that the next day is expected at, once the season is taken off.
LEVEL_DAYS = 14


def stl_band(histories: list[Floats], noise: Floats) -> Band:
    """Forecast by the season of a robust STL and the median of the last two weeks without it.

    STL's own residuals and last trend have seen the days they explain and are up to 2.5 times too
    small for a forecast; sigma is therefore that of the same forecast made for each earlier day
    (median and season as in Hochenbaum, Vallis and Kejariwal 2017, S-H-ESD). Rows take 1-3 ms each
    and may have any length from 28 days.
    """
    from statsmodels.tsa.seasonal import STL

    expected = np.empty(len(histories))
    sigma = np.empty(len(histories))
    for row, history in enumerate(histories):
        fit = STL(history, period=WEEK, seasonal=101, seasonal_deg=0, robust=True).fit()
        level = history - fit.seasonal
        levels = np.median(sliding_window_view(level, LEVEL_DAYS), axis=1)
        expected[row] = levels[-1] + fit.seasonal[-WEEK]
        sigma[row] = recent_sigma(level[LEVEL_DAYS:] - levels[:-1])
    widen = small_sample(np.array([float(len(history)) for history in histories]))
    return Band("stl", expected, np.maximum(sigma, noise) * widen)


def ets_band(histories: list[Floats], noise: Floats) -> Band:
    """Forecast and prediction interval of a maximum-likelihood ETS(A,N,A), row by row (3-4 ms).

    A row whose likelihood cannot be maximised has no opinion (NaN).
    """
    import pandas as pd
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    expected = np.full(len(histories), np.nan)
    sigma = np.full(len(histories), np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # a constant history does not converge; its sigma is floored
        for row, history in enumerate(histories):
            model = ETSModel(
                pd.Series(history),
                error="add",
                seasonal="add",
                seasonal_periods=WEEK,
                initialization_method="heuristic",
            )
            end = len(history)
            fit = model.fit(disp=False)
            forecast = fit.get_prediction(start=end, end=end)
            expected[row] = float(np.asarray(forecast.predicted_mean)[0])
            fading = recent_sigma(np.asarray(fit.resid)) / max(float(np.sqrt(fit.mse)), 1e-12)
            sigma[row] = float(np.sqrt(np.asarray(forecast.forecast_variance)[0])) * fading
    widen = small_sample(np.array([float(len(history)) for history in histories]))
    return Band("ets", expected, np.maximum(sigma, noise) * widen)
