"""Each method alone: what it computes, and that it is the method it is named after."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracul.analytics.anomalies.bands import Band
from oracul.analytics.anomalies.baselines import baselines
from oracul.analytics.anomalies.models import ets_band, stl_band
from oracul.analytics.anomalies.robust import mad_sigma, median, quantile, recent_sigma
from oracul.analytics.anomalies.severity import combine
from oracul.analytics.anomalies.weekly import _holt_winters, weekday_effect, weekly

TINY = np.array([1e-9])


def noise(rows, days, seed=0, scale=1.0):
    return np.random.default_rng(seed).normal(0, scale, (rows, days))


def test_quantiles_are_those_of_numpy_where_values_are_missing():
    x = noise(50, 31)
    x[np.random.default_rng(1).random(x.shape) < 0.3] = np.nan
    ours = np.stack(quantile(x, 0.1, 0.25, 0.5, 0.9))
    assert ours == pytest.approx(np.nanquantile(x, [0.1, 0.25, 0.5, 0.9], axis=1))


def test_mad_of_normal_noise_is_its_standard_deviation():
    x = noise(1, 20_000, scale=3.0)
    assert mad_sigma(x, median(x))[0] == pytest.approx(3.0, rel=0.03)


def test_recent_sigma_follows_the_wild_days_more_than_the_calm_ones():
    calm_then_wild = np.concatenate([noise(1, 30), noise(1, 30, 1, 5.0)], axis=1)
    assert recent_sigma(calm_then_wild)[0] > 1.5 * recent_sigma(calm_then_wild[:, ::-1])[0]


def test_baselines_agree_on_normal_noise():
    mean, quartiles, mad = baselines(noise(1, 2000, scale=2.0), TINY)
    for band in (mean, quartiles, mad):
        assert band.expected[0] == pytest.approx(0.0, abs=0.2)
        assert band.sigma[0] == pytest.approx(2.0, rel=0.08)


def test_zscore_is_dragged_by_an_outlier_and_mad_is_not():
    history = noise(1, 60)
    history[0, 10] = 500.0
    mean, _, mad = baselines(history, TINY)
    assert mean.sigma[0] > 20
    assert mad.sigma[0] < 2


def test_short_history_widens_the_bounds():
    long, short = noise(1, 60), noise(1, 60)
    short[:, :46] = np.nan
    ratio = [baselines(x, TINY)[0].sigma[0] / np.nanstd(x, ddof=1) for x in (long, short)]
    assert 1.0 < ratio[0] < ratio[1]


@settings(max_examples=30, deadline=None)
@given(shift=st.floats(-1e4, 1e4), value=st.floats(-50, 50))
def test_scores_do_not_depend_on_the_level(shift, value):
    history = noise(1, 60)
    here = combine(baselines(history, TINY), np.array([value]))
    there = combine(baselines(history + shift, TINY), np.array([value + shift]))
    assert there.score == pytest.approx(here.score, abs=1e-6)


def test_weekday_effect_is_found():
    week = np.array([0.0, 0.0, 0.0, 0.0, 0.0, -2.0, -3.0])
    history = np.tile(week, 9)[None, :60] + noise(1, 60, scale=0.2)
    effect, has_pattern = weekday_effect(history, TINY)
    # The judged day is day 60: weekday 60 % 7 = 4, so two columns on is the deepest weekday.
    assert has_pattern[0]
    assert effect[0].argmin() == 2


def test_noise_has_no_weekday_effect():
    _, has_pattern = weekday_effect(noise(500, 60), np.full(500, 1e-9))
    assert has_pattern.mean() < 0.15


@pytest.mark.parametrize(("level", "season"), [(0.15, 0.1), (0.4, 0.0)])
def test_holt_winters_is_that_of_statsmodels(level, season):
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    history = 10 + np.tile([0, 0, 0, 0, 0, -1.0, -2.0], 9)[None, :60] + noise(1, 60, scale=0.3)
    effect, _ = weekday_effect(history, TINY)
    # A floor that large never cuts an error: the plain recursion.
    forecast, _, _ = _holt_winters(history, effect, np.array([1e6]), level, season)
    start = median((history - effect[:, (np.arange(60) - 60) % 7])[:, :21])[0]
    first_week = effect[0, (np.arange(7) - 60) % 7]
    model = ETSModel(
        history[0], error="add", seasonal="add", seasonal_periods=7,
        initialization_method="known", initial_level=start, initial_seasonal=first_week,
    )  # fmt: skip
    assert forecast[0] == pytest.approx(model.smooth([level, season]).forecast(1)[0], rel=1e-9)


def test_forecast_follows_a_new_level():
    history = np.concatenate([noise(1, 40, scale=0.1), 5 + noise(1, 20, 1, 0.1)], axis=1)
    week = weekly(history, np.array([0.05]))
    assert week.band.expected[0] == pytest.approx(5.0, abs=0.5)


def test_cleaned_history_has_no_gaps_and_no_outliers():
    history = noise(1, 60, scale=0.1)
    history[0, 20] = np.nan
    history[0, 40] = 50.0
    clean = weekly(history, np.array([0.05])).clean
    assert np.isfinite(clean).all()
    assert np.abs(clean).max() < 2.0


@pytest.mark.parametrize("model", [stl_band, ets_band])
def test_model_forecasts_the_weekday(model):
    week = np.array([5.0, 5.0, 5.0, 5.0, 5.0, 2.0, 1.0])
    history = np.tile(week, 9)[:60] + noise(1, 60, scale=0.1)[0]  # next is weekday 4
    band = model([history], TINY)
    assert band.expected[0] == pytest.approx(5.0, abs=0.3)
    assert 0.05 < band.sigma[0] < 0.4


@pytest.mark.parametrize("model", [stl_band, ets_band])
def test_model_alarms_on_noise_no_more_than_it_says(model):
    rows = noise(150, 61)
    band = model(list(rows[:, :-1]), np.full(150, 1e-9))
    inside = np.abs(band.score(rows[:, -1])) < 1.96
    assert inside.mean() > 0.88


@pytest.mark.parametrize("model", [stl_band, ets_band])
def test_model_of_a_constant_history_uses_the_noise_floor(model):
    band = model([np.full(60, 3.0)], np.array([0.05]))
    assert band.expected[0] == pytest.approx(3.0)
    assert 0.05 <= band.sigma[0] < 0.07


def test_one_fooled_method_does_not_make_an_alarm():
    value = np.array([1.0])
    bands = [Band(str(i), np.zeros(1), np.full(1, s)) for i, s in enumerate((1, 1, 1, 1, 0.01))]
    assert combine(bands, value).rank.tolist() == [-1]


def test_method_without_an_opinion_does_not_count():
    value = np.array([100.0])
    bands = [Band(str(i), np.zeros(1), np.ones(1)) for i in range(3)]
    silent = Band("stl", np.array([np.nan]), np.array([np.nan]))
    verdict = combine([*bands, silent], value)
    assert (verdict.votes[0], verdict.voters[0]) == (3, 3)
