"""Detecting on the real engine: what is written, what a rerun changes, what is taken back."""

from datetime import UTC, datetime, timedelta

import pytest

from oracul.analytics.anomalies.detect import detect
from tests.fixtures.small_marts import DAYS, day_of, empty, write_history

NOW = datetime(2025, 4, 1, tzinfo=UTC)
SINCE = day_of(48)  # earlier days are history only, so that a test takes a second
STATE = (
    "select sum(cityHash64(* except (run_id, detected_at))) from meta.anomalies final"
    " where is_active"
)
BANDS = (
    "select count(), sum(cityHash64(toString(tuple(* except (run_id, judged_at)))))"
    " from meta.metric_bands final"
)
FOUND = (
    "select metric, date, severity from meta.anomalies final"
    " where is_active and method = 'ensemble' and severity in ('high', 'critical') order by date"
)


@pytest.fixture
def history(outcomes_client):
    empty(
        outcomes_client, "marts.token_metrics_daily", "marts.address_flows_daily",
        "meta.canonical_blocks", "meta.anomalies", "meta.metric_bands", "meta.built_days",
    )  # fmt: skip
    write_history(outcomes_client, spikes={50: 9.0, DAYS - 1: 12.0}, drained=66)
    return outcomes_client


def run(settings, client, *, later=0, start=SINCE, end=None):
    now = NOW + timedelta(hours=later)
    return detect(settings, client, run_id=f"r{later}", now=now, start=start, end=end)


def test_planted_events_are_found_on_their_days(outcomes_settings, history):
    found = run(outcomes_settings, history)
    assert history.query(FOUND).result_rows == [
        ("volume_usd", day_of(50), "critical"),
        ("net_flow_usd", day_of(66), "critical"),
        ("volume_usd", day_of(74), "critical"),
    ]
    assert (found.days, found.written > 15) == (27, True)


def test_second_run_judges_nothing_and_changes_nothing(outcomes_settings, history):
    run(outcomes_settings, history)
    before = [history.query(sql).result_rows for sql in (STATE, BANDS)]
    again = run(outcomes_settings, history, later=1)
    assert (again.days, again.written, again.deactivated) == (0, 0, 0)
    assert [history.query(sql).result_rows for sql in (STATE, BANDS)] == before


def test_judging_the_same_again_writes_no_row(outcomes_settings, history):
    run(outcomes_settings, history)
    before = history.query(BANDS).result_rows
    empty(history, "meta.built_days")
    again = run(outcomes_settings, history, later=1)
    assert (again.days, again.written, again.deactivated) == (27, 0, 0)
    assert history.query(BANDS).result_rows == before


def test_day_by_day_finds_what_one_run_finds(outcomes_settings, history):
    for number in (49, 50, 51, 66, 74):
        run(outcomes_settings, history, start=day_of(number), end=day_of(number + 1))
    alone = history.query(FOUND).result_rows
    run(outcomes_settings, history, later=1)
    assert history.query(FOUND).result_rows == alone


def test_finding_is_taken_back_when_the_day_is_corrected(outcomes_settings, history):
    run(outcomes_settings, history)
    history.command(
        "alter table marts.token_metrics_daily update volume_usd = volume_usd / 9"
        f" where block_date = '{day_of(50)}' and symbol = 'TK0' settings mutations_sync = 1"
    )
    again = run(outcomes_settings, history, later=1)
    assert again.deactivated >= 5
    assert [row[1] for row in history.query(FOUND).result_rows] == [day_of(66), day_of(74)]
    gone = "select uniqExact(method) from meta.anomalies final where not is_active and date = "
    assert history.query(f"{gone}'{day_of(50)}'").result_rows[0][0] >= 5


def test_only_days_whose_window_changed_are_judged_again(outcomes_settings, history):
    run(outcomes_settings, history)
    history.command(
        "alter table marts.token_metrics_daily update volume_usd = volume_usd * 1.01"
        f" where block_date = '{day_of(70)}' settings mutations_sync = 1"
    )
    assert run(outcomes_settings, history, later=1).days == 5


def test_spam_is_not_judged(outcomes_settings, history):
    history.command(
        "alter table marts.token_metrics_daily update trust = 'spam'"
        " where symbol = 'TK0' settings mutations_sync = 1"
    )
    run(outcomes_settings, history)
    assert [row[1] for row in history.query(FOUND).result_rows] == [day_of(66)]


def test_empty_marts_have_nothing_to_judge(outcomes_settings, history):
    empty(history, "marts.token_metrics_daily", "marts.address_flows_daily")
    assert run(outcomes_settings, history).sentence == "nothing to judge, 0 days unchanged"


def test_every_judged_value_has_its_band(outcomes_settings, history):
    judged = run(outcomes_settings, history).series
    entities = {"token": 3 * ["volume_usd", "transfer_count", "unique_addresses", "price_return"],
                "address": 2 * ["net_flow_usd"]}  # fmt: skip
    assert judged == 27 * sum(map(len, entities.values()))
    assert history.query(BANDS).result_rows[0][0] == judged
    named = (
        "select distinct entity_type, symbol from meta.metric_bands final order by all nulls first"
    )
    assert history.query(named).result_rows == [
        ("address", None), ("token", "TK0"), ("token", "TK1"), ("token", "TK2"),
    ]  # fmt: skip


def test_band_of_an_anomaly_is_that_of_its_ensemble_row(outcomes_settings, history):
    run(outcomes_settings, history)
    numbers = "entity_type, entity_id, metric, date, value, expected, lower, upper, severity"
    marked = (
        f"select {numbers} from meta.metric_bands final where severity is not null order by all"
    )
    told = (
        f"select {numbers} from meta.anomalies final"
        " where is_active and method = 'ensemble' order by all"
    )
    rows = history.query(told).result_rows
    assert len(rows) >= 3
    assert history.query(marked).result_rows == rows


def test_band_of_what_is_no_longer_judged_is_gone(outcomes_settings, history):
    judged = run(outcomes_settings, history).series
    history.command(
        "alter table marts.token_metrics_daily update trust = 'spam'"
        " where symbol = 'TK0' settings mutations_sync = 1"
    )
    run(outcomes_settings, history, later=1)
    assert history.query(BANDS).result_rows[0][0] == judged - 27 * 4
    gone = "select count() from meta.metric_bands final where symbol = 'TK0'"
    assert history.query(gone).result_rows == [(0,)]


def test_bands_of_days_that_were_not_judged_again_stay(outcomes_settings, history):
    run(outcomes_settings, history)
    early = (
        "select sum(cityHash64(toString(tuple(*)))) from meta.metric_bands final"
        f" where date < '{day_of(70)}'"
    )
    before = history.query(early).result_rows
    history.command(
        "alter table marts.token_metrics_daily delete"
        f" where block_date >= '{day_of(70)}' settings mutations_sync = 1"
    )
    run(outcomes_settings, history, later=1)
    assert history.query(early).result_rows == before
