"""Telling people, with the real engine and a webhook that listens, or does not."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from oracul.alerts import Told, alert
from oracul.settings import AlertSettings, Settings
from oracul.warehouse import Client, step_run

NOW = datetime(2024, 5, 2, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The home is a folder of the working directory."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def clean(migrated_client: Client) -> Client:
    for table in ("alerts", "anomalies", "pipeline_runs", "data_quality_checks"):
        migrated_client.command(f"truncate table meta.{table}")
    return migrated_client


def add_check(client: Client, status: str, run: int, severity: str = "critical") -> None:
    at = NOW + timedelta(hours=run)
    client.insert(
        "meta.data_quality_checks",
        [[at, "raw", "raw.blocks", "no_gaps", severity, status, "3", "0", 3, "", f"run-{run}"]],
        column_names=[
            "checked_at", "suite", "table", "check", "severity", "status", "observed", "expected",
            "unexpected_count", "details", "run_id",
        ],
    )  # fmt: skip


def add_anomaly(client: Client, severity: str = "high", **facts: Any) -> None:
    row = {
        "entity_type": "token", "chain": "devnet", "entity_id": "0xab", "metric": "volume_usd",
        "date": date(2024, 5, 1), "method": "ensemble", "value": 9.0, "expected": 1.0,
        "lower": 0.5, "upper": 2.0, "score": 8.0, "severity": severity,
        "explanation": "volume 9 USD", "run_id": "r", "is_active": True, "detected_at": NOW,
    } | facts  # fmt: skip
    client.insert("meta.anomalies", [list(row.values())], column_names=list(row))


def tell(client: Client, url: str = "", now: datetime = NOW) -> Told:
    settings = Settings(
        alerts=AlertSettings(
            webhook_url=SecretStr(url) if url else None,
            allow_private_webhook=True,
            min_free_disk_ratio=0,
            min_free_disk_gb=0,
        ),
        _env_file=None,
    )
    return alert(settings, client, run_id="run", now=now)


def table(client: Client) -> list[tuple[object, ...]]:
    rows = client.query(
        "select rule, channel, status, count from meta.alerts final order by rule, channel"
    ).result_rows
    return [tuple(row) for row in rows]


@contextmanager
def webhook(status: int = 200) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    posts: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posts.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing on standard error."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/secret-key", posts
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_alert_tells_a_failed_check_once(clean: Client) -> None:
    add_check(clean, "fail", 1)
    assert [m.title for m in tell(clean).messages] == ["Check failed on raw.blocks: no_gaps"]
    before = clean.query("select * from meta.alerts").result_rows
    again = tell(clean)
    assert (again.messages, again.known) == ([], 1)
    assert clean.query("select * from meta.alerts").result_rows == before


def test_alert_is_silent_while_the_same_check_keeps_failing(clean: Client) -> None:
    add_check(clean, "fail", 1)
    tell(clean)
    add_check(clean, "fail", 2)
    assert tell(clean).messages == []


def test_alert_tells_a_check_again_that_passed_in_between(clean: Client) -> None:
    add_check(clean, "fail", 1)
    tell(clean)
    add_check(clean, "pass", 2)
    assert [m.rule for m in tell(clean).messages] == ["over"]
    add_check(clean, "fail", 3)
    assert len(tell(clean).messages) == 1


def test_alert_leaves_warnings_to_the_dashboards(clean: Client) -> None:
    add_check(clean, "fail", 1, severity="warning")
    assert tell(clean).messages == []


def test_alert_tells_failed_and_degraded_steps_but_not_its_own(clean: Client) -> None:
    with step_run(clean, "run-1", "ingest_prices") as record:
        record.degraded = "kraken is out"
    for step in ("transform", "alert"):
        with pytest.raises(ValueError, match="broken"), step_run(clean, "run-1", step):
            raise ValueError("broken")
    assert {m.title for m in tell(clean).messages} == {
        "ingest_prices is degraded",
        "transform failed",
    }


def test_alert_is_silent_about_a_step_that_went_through_since(clean: Client) -> None:
    with step_run(clean, "run-1", "ingest_prices") as record:
        record.degraded = "kraken is out"
    with step_run(clean, "run-2", "ingest_prices"):
        pass
    assert tell(clean).messages == []


def test_alert_tells_severe_active_anomalies_as_one_digest(clean: Client) -> None:
    add_anomaly(clean)
    add_anomaly(clean, "critical", metric="transfer_count")
    add_anomaly(clean, "medium", entity_id="0xcd")
    add_anomaly(clean, entity_id="0xee", is_active=False)
    add_anomaly(clean, entity_id="0xff", method="zscore")
    (digest,) = tell(clean).messages
    assert digest.title == "2 anomalies on one token or address, worst critical"


def test_alert_posts_to_the_webhook_once(clean: Client) -> None:
    add_anomaly(clean)
    with webhook() as (url, posts):
        tell(clean, url)
        tell(clean, url)
    assert len(posts) == 1
    assert "\nhigh: volume 9 USD\n" in posts[0]["text"]
    assert posts[0]["text"].endswith("docs/runbooks/anomaly")
    assert posts[0]["runbook"] == "docs/runbooks/anomaly.md"
    assert [row[1:] for row in table(clean)] == [("console", "sent", 1), ("webhook", "sent", 1)]


def test_alert_tells_a_webhook_what_only_the_console_knew(clean: Client) -> None:
    add_anomaly(clean)
    tell(clean)
    with webhook() as (url, posts):
        told = tell(clean, url)
    assert (len(posts), len(told.sent), told.messages) == (1, 1, [])


def test_alert_reports_a_webhook_that_refuses_and_tries_again(clean: Client) -> None:
    add_anomaly(clean)
    with webhook(403) as (url, posts):
        told = tell(clean, url)
        tell(clean, url)
    assert told.undelivered == [
        "the webhook answered HTTP 403 (Forbidden). Check the key and the address in the settings."
    ]
    assert "secret-key" not in repr(told)
    assert (len(posts), table(clean)[1]) == (2, ("anomaly", "webhook", "failed", 2))


def test_anomaly_that_was_told_stands_however_old_it_grows(clean: Client) -> None:
    """Neither told again nor told to be over; one that nobody was told of is no news any more."""
    old = NOW - timedelta(days=90)
    add_anomaly(clean, date=old.date(), detected_at=old)
    assert tell(clean, now=old).messages != []
    add_anomaly(clean, date=old.date(), detected_at=old, entity_id="0xcd")
    for now in (NOW, NOW + timedelta(days=40)):
        told = tell(clean, now=now)
        assert (told.messages, told.known) == ([], 1)
    add_anomaly(clean, date=old.date(), detected_at=NOW, is_active=False)
    assert [m.rule for m in tell(clean).messages] == ["over"]
    assert tell(clean, now=NOW + timedelta(days=40)).messages == []


def test_old_day_that_is_judged_anew_is_told(clean: Client) -> None:
    add_anomaly(clean, date=date(2023, 5, 1))
    assert len(tell(clean).messages) == 1
