"""Old rows of the ledgers: deleted, but for what verdicts, alerts and extractors still read."""

from datetime import UTC, datetime, timedelta

import pytest

from expectations.checkpoints import last_passed
from oracul.alerts.inputs import all_alerts
from oracul.settings import Settings
from oracul.warehouse.retention import delete_old_rows

NOW = datetime(2026, 3, 1, 3, 30, tzinfo=UTC)
BEFORE = NOW - timedelta(days=400)


@pytest.fixture
def client(migrated_client):
    for table in ("pipeline_runs", "data_quality_checks", "rejected_rows"):
        migrated_client.command(f"truncate table meta.{table}")
    return migrated_client


def run_ended(client, step, status, days_ago, chain=""):
    at = NOW - timedelta(days=days_ago)
    client.insert(
        "meta.pipeline_runs",
        [[f"{step}-{days_ago}", step, chain, "", at, at, status, 0, 0, "why", 1]],
    )


def checked(client, check, status, days_ago, severity="critical"):
    client.insert(
        "meta.data_quality_checks",
        [[NOW - timedelta(days=days_ago), "raw_door", "raw.blocks", check, severity, status, "", "",
          0, "", f"run-{days_ago}"]],
    )  # fmt: skip


def refused(client, table, days_ago):
    client.insert(
        "meta.rejected_rows", [["a", table, "k/1", "r", "", NOW - timedelta(days=days_ago)]]
    )


def ages(client, table, name):
    return [
        row[0]
        for row in client.query(f"select {name} from meta.{table} order by {name}").result_rows
    ]


def test_runs_before_the_last_good_one_go_when_old(client):
    for days_ago in (500, 450, 399, 1):
        run_ended(client, "transform", "done", days_ago)
    assert delete_old_rows(client, BEFORE) == {"meta.pipeline_runs": 2}
    assert ages(client, "pipeline_runs", "run_id") == ["transform-1", "transform-399"]


def test_last_good_run_of_a_step_that_rests_stays(client):
    run_ended(client, "validate_raw", "done", 900)
    run_ended(client, "validate_raw", "done", 800)
    before = last_passed(client, "raw")
    assert delete_old_rows(client, BEFORE) == {"meta.pipeline_runs": 1}
    assert last_passed(client, "raw") == before is not None


def told(client, rule):
    """Alerts of a rule: the same ones before and after mean that nobody is told twice."""
    return [a for a in all_alerts(Settings(_env_file=None), client, NOW) if a.rule == rule]


def test_trouble_that_stands_is_told_as_the_same(client):
    run_ended(client, "detect", "done", 900)
    for days_ago in (800, 500, 2):
        run_ended(client, "detect", "failed", days_ago)
    run_ended(client, "ingest_chain", "failed", 700, chain="devnet")
    before = told(client, "step_failed")
    delete_old_rows(client, BEFORE)
    assert told(client, "step_failed") == before
    assert len(before) == 2


def test_failed_check_that_stands_is_told_as_the_same(client):
    for days_ago in (900, 850):
        checked(client, "no_gaps", "pass", days_ago)
    for days_ago in (800, 2):
        checked(client, "no_gaps", "fail", days_ago)
    before = told(client, "check_failed")
    assert delete_old_rows(client, BEFORE) == {"meta.data_quality_checks": 1}
    assert told(client, "check_failed") == before != []


def test_last_result_of_a_check_that_nobody_runs_stays(client):
    checked(client, "gone", "warn", 900, severity="warning")
    checked(client, "gone", "warn", 800, severity="warning")
    delete_old_rows(client, BEFORE)
    assert ages(client, "data_quality_checks", "run_id") == ["run-800"]


def test_refused_prices_stay_because_they_are_not_asked_again(client):
    refused(client, "raw.prices_spot", 900)
    refused(client, "raw.blocks", 900)
    refused(client, "raw.blocks", 1)
    assert delete_old_rows(client, BEFORE) == {"meta.rejected_rows": 1}
    left = client.query("select toString(table) from meta.rejected_rows order by 1").result_rows
    assert left == [("raw.blocks",), ("raw.prices_spot",)]


def test_rehearsal_counts_the_same_and_deletes_nothing(client):
    for days_ago in (500, 450, 1):
        run_ended(client, "transform", "done", days_ago)
    counted = delete_old_rows(client, BEFORE, is_rehearsal=True)
    assert len(ages(client, "pipeline_runs", "run_id")) == 3
    assert delete_old_rows(client, BEFORE) == counted == {"meta.pipeline_runs": 2}


def test_second_time_nothing_is_left_to_delete(client):
    run_ended(client, "transform", "done", 500)
    run_ended(client, "transform", "done", 1)
    delete_old_rows(client, BEFORE)
    assert delete_old_rows(client, BEFORE) == {}
