"""Judging days: partial days, small moves, no look-ahead, and what is written when it is rerun."""

from datetime import date, timedelta

import numpy as np

from oracul.analytics.anomalies.days import Batch, judge_days
from oracul.analytics.anomalies.panels import build_panel
from oracul.analytics.anomalies.store import changes
from oracul.analytics.anomalies.versions import code_version, input_version
from oracul.settings import AnomalySettings

FIRST = date(2025, 1, 1)
DAYS = [FIRST + timedelta(days=i) for i in range(70)]
RULES = AnomalySettings()


def batch(volumes, *, symbol="TKN", partial=(), price=None):
    n = len(volumes)
    columns = {
        "volume_usd": np.asarray(volumes, float),
        "transfer_count": np.full(n, 20.0),
        "unique_addresses": np.full(n, 20.0),
        "price_close_usd": np.full(n, np.nan) if price is None else np.asarray(price, float),
    }
    panel = build_panel(FIRST, n, DAYS[:n], ["devnet"] * n, ["0xa"] * n, columns, [symbol] * n)
    whole = {("devnet", day): day not in partial for day in DAYS[:n]}
    return Batch({"token": panel}, whole, {})


def volumes(last=None, seed=0, level=1e5):
    made = level * np.exp(np.random.default_rng(seed).normal(0, 0.1, 70))
    if last is not None:
        made[-1] = last
    return made


def ensembles(found):
    return [f for f in found if f.method == "ensemble"]


def bands(judged):
    """(value, expected, lower, upper, severity) by metric and day."""
    return {
        (band.metric.name, subject.day): numbers
        for band in judged.bands
        for subject, *numbers in zip(
            band.subjects, band.value, band.expected, band.lower, band.upper, band.severity,
            strict=True,
        )
    }  # fmt: skip


def test_spike_has_one_ensemble_row_and_evidence_of_each_method():
    found = judge_days(RULES, batch(volumes(5e6)), DAYS[-1:]).findings
    assert [f.method for f in found] == ["ensemble", "zscore", "iqr", "mad", "ets", "stl"]
    assert found[0].explanation.startswith("TKN (devnet): volume 5 M USD on 2025-03-11")


def test_drop_is_not_told_while_the_day_is_not_over():
    found = judge_days(RULES, batch(volumes(1.0), partial=DAYS[-1:]), DAYS[-1:]).findings
    assert found == []


def test_spike_is_told_while_the_day_is_not_over():
    found = judge_days(RULES, batch(volumes(5e6), partial=DAYS[-1:]), DAYS[-1:]).findings
    assert len(ensembles(found)) == 1


def test_small_move_in_dollars_is_not_told():
    found = judge_days(RULES, batch(volumes(500.0, level=10.0)), DAYS[-1:]).findings
    assert found == []


def test_later_days_do_not_change_a_verdict():
    early = volumes()
    early[40] = 2e6
    later = early.copy()
    later[41:] *= 50
    told = [judge_days(RULES, batch(v), DAYS[40:41]).findings for v in (early, later)]
    assert told[0] == told[1] != []


def test_days_judged_together_and_alone_say_the_same():
    spiky = volumes()
    spiky[[40, 50, 60]] *= 30
    together = judge_days(RULES, batch(spiky), DAYS[35:]).findings
    alone = [f for day in DAYS[35:] for f in judge_days(RULES, batch(spiky), [day]).findings]
    assert together == alone


def test_band_of_an_anomaly_is_that_of_its_ensemble_row():
    judged = judge_days(RULES, batch(volumes(5e6)), DAYS[-1:])
    (row,) = ensembles(judged.findings)
    assert bands(judged)["volume_usd", DAYS[-1]] == [
        row.value, row.expected, row.lower, row.upper, row.severity,
    ]  # fmt: skip


def test_usual_value_has_a_band_around_it_and_no_severity():
    value, expected, lower, upper, severity = bands(judge_days(RULES, batch(volumes()), DAYS[-1:]))[
        "volume_usd", DAYS[-1]
    ]
    assert lower < value < upper
    assert lower < expected < upper
    assert (value, severity) == (volumes()[-1], None)


def test_value_that_is_not_told_lies_outside_its_band_without_severity():
    judged = judge_days(RULES, batch(volumes(1.0), partial=DAYS[-1:]), DAYS[-1:])
    value, _, lower, _, severity = bands(judged)["volume_usd", DAYS[-1]]
    assert value < lower
    assert severity is None


def test_every_judged_value_has_one_band_and_too_short_histories_have_none():
    judged = judge_days(RULES, batch(volumes()), DAYS)
    metrics = ("volume_usd", "transfer_count", "unique_addresses")
    assert set(bands(judged)) == {(m, day) for m in metrics for day in DAYS[14:]}
    assert judged.judged == len(bands(judged)) == 3 * 56


def test_rerun_of_the_same_findings_writes_nothing():
    found = judge_days(RULES, batch(volumes(5e6)), DAYS[-1:]).findings
    assert changes(found, found) == ([], [])


def test_finding_that_is_gone_is_deactivated():
    found = judge_days(RULES, batch(volumes(5e6)), DAYS[-1:]).findings
    assert changes(found, []) == ([], found)


def test_finding_that_changed_is_written_again():
    before = judge_days(RULES, batch(volumes(5e6)), DAYS[-1:]).findings
    after = judge_days(RULES, batch(volumes(6e6)), DAYS[-1:]).findings
    assert changes(before, after) == (after, [])


def test_new_symbol_is_written_into_the_explanation():
    before = judge_days(RULES, batch(volumes(5e6)), DAYS[-1:]).findings
    after = judge_days(RULES, batch(volumes(5e6), symbol="NEW"), DAYS[-1:]).findings
    written, gone = changes(before, after)
    assert [f.method for f in written] == ["ensemble"]
    assert gone == []


def test_input_version_changes_with_a_day_of_the_window_only():
    versions = dict.fromkeys(DAYS, 1)
    day = DAYS[65]
    same = input_version(day, 60, versions, {})
    assert input_version(day, 60, versions | {DAYS[30]: 2}, {}) != same
    assert input_version(day, 60, versions | {DAYS[66]: 2, DAYS[2]: 2}, {}) == same


def test_input_version_changes_when_a_day_becomes_whole():
    open_day, closed = ({("devnet", DAYS[65]): state} for state in (False, True))
    assert input_version(DAYS[65], 60, {}, open_day) != input_version(DAYS[65], 60, {}, closed)


def test_code_version_changes_with_the_settings():
    assert code_version(RULES) != code_version(AnomalySettings(window_days=30))
