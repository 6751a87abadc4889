"""What counts as unusual: the judge as a specification, on made series with known truth."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from oracul.analytics.anomalies.judge import judge
from oracul.analytics.anomalies.metrics import METRICS, get_metric
from oracul.analytics.anomalies.severity import SEVERITIES

VOLUME, COUNT = get_metric("volume_usd"), get_metric("transfer_count")
RETURN, FLOW = get_metric("price_return"), get_metric("net_flow_usd")


def calm(rows=1, days=61, *, noise=0.1, seed=0, level=1e5, weekend=0.5):
    rng = np.random.default_rng(seed)
    season = np.where(np.arange(days) % 7 >= 5, np.log(weekend), 0.0)
    return level * np.exp(season + rng.normal(0, noise, (rows, days)))


def verdict(metric, series, **options):
    """Severity of the last day of each row, None where nothing is unusual."""
    judged = judge(metric, series[:, :-1], series[:, -1], **options)
    found = dict(zip(judged.rows, judged.verdict.rank, strict=True))
    return [SEVERITIES[found[row]] if row in found else None for row in range(len(series))]


def with_last(series, value):
    changed = series.copy()
    changed[:, -1] = value
    return changed


def test_calm_day_is_not_unusual():
    assert verdict(VOLUME, calm(seed=1)) == [None]


def test_tenfold_volume_is_critical():
    assert verdict(VOLUME, with_last(calm(), 1e6)) == ["critical"]


def test_collapse_to_nothing_is_critical():
    assert verdict(VOLUME, with_last(calm(), 0.0)) == ["critical"]


def test_severity_grows_with_distance():
    factors = (1.6, 2.0, 2.5, 4.0)
    found = [verdict(VOLUME, with_last(calm(weekend=1.0), 1e5 * f))[0] for f in factors]
    assert found == ["low", "medium", "high", "critical"]


def test_weekend_level_on_a_weekday_is_unusual_only_where_there_is_a_week():
    weekly, flat = calm(days=60, noise=0.04, weekend=0.5), calm(days=60, noise=0.25, weekend=1.0)
    assert verdict(VOLUME, with_last(weekly, 0.5e5))[0] in ("high", "critical")
    assert verdict(VOLUME, with_last(flat, 0.5e5)) == [None]


def test_usual_weekend_drop_is_not_unusual():
    series = calm(days=62, noise=0.05, weekend=0.3)  # the last column is a Saturday
    assert verdict(VOLUME, series) == [None]


def test_verdict_knows_that_the_weekly_pattern_was_used():
    weekly = with_last(calm(noise=0.05, weekend=0.4), 1e7)
    judged = judge(VOLUME, weekly[:, :-1], weekly[:, -1])
    assert judged.has_pattern.tolist() == [True]


def test_old_spike_does_not_hide_a_new_one():
    series = with_last(calm(weekend=1.0), 4e5)
    series[:, 30] = 1e8
    assert verdict(VOLUME, series)[0] in ("high", "critical")


def test_new_level_is_usual_after_two_weeks():
    series = calm(days=61, weekend=1.0)
    series[:, -18:] *= 3
    assert verdict(VOLUME, series)[0] in (None, "low")


def test_short_history_is_not_judged():
    series = with_last(calm(days=14), 1e9)
    assert judge(VOLUME, series[:, :-1], series[:, -1]).judged == 0


def test_short_history_is_judged_by_baselines_when_it_is_long_enough():
    series = with_last(calm(days=21, weekend=1.0), 1e9)
    judged = judge(VOLUME, series[:, :-1], series[:, -1])
    assert set(judged.bands) >= {"zscore", "iqr", "mad"}
    assert judged.verdict.voters.tolist() == [3]
    assert SEVERITIES[judged.verdict.rank[0]] == "high"


def test_missing_days_leave_the_verdict_alone():
    series = with_last(calm(weekend=1.0), 1e6)
    series[:, [3, 17, 40]] = np.nan
    assert verdict(VOLUME, series) == ["critical"]


def test_mostly_missing_history_is_not_judged():
    series = with_last(calm(), 1e9)
    series[:, :52] = np.nan
    assert judge(VOLUME, series[:, :-1], series[:, -1]).judged == 0


def test_missing_value_is_not_judged():
    series = with_last(calm(), np.nan)
    assert judge(VOLUME, series[:, :-1], series[:, -1]).judged == 0


def test_constant_history_tolerates_a_move_below_the_noise_floor():
    assert verdict(VOLUME, with_last(np.full((1, 61), 1e5), 1.1e5)) == [None]


def test_constant_history_finds_a_jump():
    assert verdict(VOLUME, with_last(np.full((1, 61), 1e5), 5e5)) == ["critical"]


def test_history_of_zeros_is_not_judged():
    series = with_last(np.zeros((1, 61)), 1e6)
    assert judge(VOLUME, series[:, :-1], series[:, -1]).judged == 0


def test_rare_activity_is_compared_with_active_days():
    rng = np.random.default_rng(2)
    series = np.where(rng.random((1, 61)) < 0.4, rng.lognormal(10, 0.4, (1, 61)), 0.0)
    assert verdict(VOLUME, with_last(series, np.exp(10.3))) == [None]
    assert verdict(VOLUME, with_last(series, np.exp(14)))[0] == "high"


def test_silent_day_of_a_rare_entity_is_not_unusual():
    rng = np.random.default_rng(2)
    series = np.where(rng.random((1, 61)) < 0.4, 1e4, 0.0)
    assert verdict(VOLUME, with_last(series, 0.0)) == [None]


def test_small_counts_may_vary_by_chance():
    series = np.random.default_rng(4).poisson(3, (500, 61)).astype(float)
    assert sum(severity is not None for severity in verdict(COUNT, series)) <= 5


def test_crash_of_a_price_is_critical():
    returns = np.random.default_rng(5).normal(0, 0.02, (1, 61))
    assert verdict(RETURN, with_last(returns, -0.45)) == ["critical"]


def test_price_that_falls_to_nothing_has_finite_numbers():
    returns = with_last(np.random.default_rng(5).normal(0, 0.02, (1, 61)), -1.0)
    judged = judge(RETURN, returns[:, :-1], returns[:, -1])
    assert np.isfinite(judged.verdict.score).all()
    assert judged.value.tolist() == [-1.0]


def test_peg_may_wobble_by_the_error_of_its_sources():
    returns = np.random.default_rng(6).normal(0, 0.0001, (1, 61))
    assert verdict(RETURN, with_last(returns, 0.005)) == [None]
    assert verdict(RETURN, with_last(returns, -0.05)) == ["critical"]


def test_drained_address_is_found():
    flows = np.random.default_rng(7).normal(0, 1e4, (1, 61))
    assert verdict(FLOW, with_last(flows, -5e6))[0] in ("high", "critical")


def test_flow_against_a_steady_direction_is_found():
    flows = np.random.default_rng(8).normal(1e5, 5e3, (1, 61))
    assert verdict(FLOW, with_last(flows, -1e5))[0] is not None


def test_day_without_flow_is_not_unusual():
    flows = np.random.default_rng(8).normal(1e5, 5e3, (1, 61))
    assert verdict(FLOW, with_last(flows, 0.0)) == [None]


def test_verdict_of_a_row_does_not_depend_on_the_others():
    series = with_last(calm(rows=40, seed=3), 3e5)
    alone = judge(VOLUME, series[:1, :-1], series[:1, -1])
    together = judge(VOLUME, series[:, :-1], series[:, -1])
    assert together.verdict.score[together.rows == 0] == pytest.approx(alone.verdict.score)


def test_statsmodels_sees_the_farthest_rows_when_there_are_too_many():
    last = np.array([3e5, 9e5, 4e5, 8e5, 5e5, 7e5])
    series = with_last(np.repeat(calm(weekend=1.0), 6, axis=0), last)
    judged = judge(VOLUME, series[:, :-1], series[:, -1], most_modelled=2)
    with_stl = judged.rows[~np.isnan(judged.bands["stl"][3])]
    assert with_stl.tolist() == [1, 3]


@pytest.mark.parametrize("heavy", [False, True])
def test_calm_weekly_series_alarm_high_on_less_than_one_day_in_a_thousand(heavy):
    rng = np.random.default_rng(9)
    noise = rng.standard_t(5, (8000, 61)) * 0.775 if heavy else rng.normal(size=(8000, 61))
    season = np.where(np.arange(61) % 7 >= 5, -0.6, 0.0)
    series = np.exp(11 + season + 0.15 * noise)
    found = [s for s in verdict(VOLUME, series) if s in ("high", "critical")]
    assert len(found) <= 8


finite = st.floats(-1e12, 1e12, allow_nan=False) | st.just(0.0) | st.just(float("nan"))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    metric=st.sampled_from(METRICS),
    series=arrays(np.float64, st.tuples(st.integers(1, 3), st.sampled_from([15, 30, 61])),
                  elements=finite),
)  # fmt: skip
def test_findings_are_finite_and_their_bounds_in_order_whatever_the_input(metric, series):
    if metric.shape in ("amount", "count"):
        series = np.abs(series)
    judged = judge(metric, series[:, :-1], series[:, -1])
    assert np.isfinite(judged.verdict.score).all()
    for one in (judged, judged.compared):
        numbers = [one.value, one.expected, one.lower, one.upper]
        assert all(np.isfinite(part).all() for part in numbers)
        assert (one.lower <= one.expected).all()
        assert (one.expected <= one.upper).all()


@settings(max_examples=25, deadline=None)
@given(
    scale=st.floats(1e-6, 1e9),
    factor=st.floats(1.0, 100.0),
    metric=st.sampled_from([VOLUME, FLOW]),
)
def test_verdict_does_not_depend_on_the_unit_of_money(scale, factor, metric):
    series = with_last(calm(days=61, seed=11), 1e5 * factor)
    here = judge(metric, series[:, :-1], series[:, -1])
    there = judge(metric, scale * series[:, :-1], scale * series[:, -1])
    assert there.verdict.score == pytest.approx(here.verdict.score, rel=1e-6)
    assert there.upper == pytest.approx(scale * here.upper, rel=1e-6)
