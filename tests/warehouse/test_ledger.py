"""The ledger: how steps ended and what was refused."""

from datetime import timedelta

import pytest

from oracul.alerts.inputs import all_alerts
from oracul.settings import Settings
from oracul.times import utc_now
from oracul.warehouse import (
    RejectedRow,
    last_ended_well,
    new_run_id,
    record_over,
    record_rejected,
    record_trouble,
    step_run,
)
from oracul.warehouse.ledger import ABANDONED_AFTER


def _status(client, run_id):
    return client.query(
        "select status, rows_out, error from meta.pipeline_runs final where run_id = {run:String}",
        parameters={"run": run_id},
    ).result_rows


def test_step_that_ends_well_is_done(migrated_client):
    run_id = new_run_id()
    with step_run(migrated_client, run_id, "transform") as record:
        assert _status(migrated_client, run_id) == [("running", 0, "")]
        record.rows_out = 7
    assert _status(migrated_client, run_id) == [("done", 7, "")]


def test_step_that_degraded_keeps_the_reason(migrated_client):
    run_id = new_run_id()
    with step_run(migrated_client, run_id, "ingest_prices") as record:
        record.degraded = "kraken is down"
    assert _status(migrated_client, run_id) == [("degraded", 0, "kraken is down")]


def test_step_that_raises_is_failed_and_raises_on(migrated_client):
    run_id = new_run_id()
    with (
        pytest.raises(ValueError, match="boom"),
        step_run(migrated_client, run_id, "detect"),
    ):
        raise ValueError("boom")
    assert _status(migrated_client, run_id) == [("failed", 0, "ValueError: boom")]


def test_run_ids_sort_by_time():
    assert new_run_id()[:15] <= new_run_id()[:15]


def test_rejected_payload_is_cut_to_4_kib(migrated_client):
    row = RejectedRow("node-a", "raw.blocks", "test/cut", "receiptsRoot differs", "x" * 10_000)
    record_rejected(migrated_client, [row])
    stored = migrated_client.query(
        "select source, reason, length(payload) from meta.rejected_rows where key = 'test/cut'"
    ).result_rows
    assert stored == [("node-a", "receiptsRoot differs", 4096)]


def test_step_that_was_killed_is_recorded_as_failed_by_the_next(migrated_client):
    killed, later = new_run_id(), new_run_id()
    started = utc_now() - ABANDONED_AFTER - timedelta(minutes=1)
    migrated_client.insert(
        "pipeline_runs",
        [[killed, "maintain", "", "", started, None, "running", 0, 0, "", 1]],
        database="meta",
    )
    with step_run(migrated_client, later, "maintain"):
        pass
    assert _status(migrated_client, killed)[0][0] == "failed"
    assert _status(migrated_client, later)[0][0] == "done"


def _ran(client, step, status, days_ago):
    at = utc_now() - timedelta(days=days_ago)
    run_id = f"{at:%Y%m%dT%H%M%S}-{step}"
    client.insert(
        "pipeline_runs",
        [[run_id, step, "devnet", "", at, None, status, 0, 0, "", 1]],
        database="meta",
    )
    return run_id


def test_only_runs_of_the_last_week_are_looked_at(migrated_client):
    client = migrated_client
    old, young = _ran(client, "weekly", "running", 8), _ran(client, "weekly", "running", 6)
    with step_run(client, new_run_id(), "weekly", chain="devnet"):
        pass
    assert _status(client, old)[0][0] == "running"
    assert _status(client, young)[0][0] == "failed"
    _ran(client, "ingest_tokens", "done", 8)
    assert last_ended_well(client, "ingest_tokens", "devnet") is None
    _ran(client, "ingest_tokens", "done", 6)
    done_at = last_ended_well(client, "ingest_tokens", "devnet")
    assert done_at is not None
    _ran(client, "ingest_tokens", "failed", 4)
    assert last_ended_well(client, "ingest_tokens", "devnet") == done_at
    _ran(client, "ingest_tokens", "degraded", 5)
    assert last_ended_well(client, "ingest_tokens", "devnet") > done_at


def test_trouble_of_months_ago_is_over_too(migrated_client):
    at = utc_now() - timedelta(days=90)
    migrated_client.insert(
        "pipeline_runs",
        [[f"{at:%Y%m%dT%H%M%S}-x", "flow backfill", "", "", at, at, "failed", 0, 0, "", 1]],
        database="meta",
    )
    assert record_over(migrated_client, new_run_id(), "flow backfill")
    assert not record_over(migrated_client, new_run_id(), "flow backfill")


def _told(client, step):
    """Alerts about a step: what is wrong, and the id of the occasion."""
    alerts = all_alerts(Settings(_env_file=None), client, utc_now())
    return [(alert.body, alert.alert_id) for alert in alerts if alert.subject == step]


def test_trouble_stands_until_it_is_over(migrated_client):
    record_trouble(migrated_client, new_run_id(), "flow pipeline", "it was killed")
    ((body, _),) = _told(migrated_client, "flow pipeline")
    assert body.startswith("it was killed")
    assert record_over(migrated_client, new_run_id(), "flow pipeline")
    assert _told(migrated_client, "flow pipeline") == []


def test_no_trouble_needs_no_end(migrated_client):
    run_id = new_run_id()
    assert not record_over(migrated_client, run_id, "flow transform")
    assert _status(migrated_client, run_id) == []


def test_next_trouble_is_another_one(migrated_client):
    occasions = set()
    for run_id in ("t-1", "t-2"):
        record_trouble(migrated_client, run_id, "flow verify", "it was killed")
        ((_, occasion),) = _told(migrated_client, "flow verify")
        occasions.add(occasion)
        record_over(migrated_client, new_run_id(), "flow verify")
    assert len(occasions) == 2
