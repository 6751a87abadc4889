"""`oracul alerts …` as one types it."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from typer.testing import CliRunner

from oracul.alerts import alert
from oracul.cli.app import app
from oracul.settings import AlertSettings, Settings
from oracul.times import utc_now
from oracul.warehouse import Client, connection_environment
from tests.fixtures.channel_stubs import HttpStub, serve_http_stub


@pytest.fixture
def stub() -> Iterator[HttpStub]:
    with serve_http_stub() as running:
        yield running


@pytest.fixture
def ask(
    migrated_client: Client, warehouse_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Any:
    """The command; before it, one alert stands."""
    for table in ("alerts", "alert_silences", "anomalies", "pipeline_runs", "data_quality_checks",
                  "canonical_blocks", "rejected_rows", "reorgs", "verified_blocks"):  # fmt: skip
        migrated_client.command(f"truncate table meta.{table}")
    for name, value in connection_environment(warehouse_settings).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ORACUL_HOME", str(warehouse_settings.home))
    now = utc_now()
    migrated_client.insert(
        "meta.pipeline_runs",
        [["r", "transform", now - timedelta(minutes=9), "failed", "no [red]disk[/]", 1]],
        column_names=["run_id", "step", "started_at", "status", "error", "version"],
    )
    quiet = AlertSettings(min_free_disk_ratio=0, min_free_disk_gb=0)
    settings = Settings(home=warehouse_settings.home, alerts=quiet, _env_file=None)
    alert(settings, migrated_client, run_id="r", now=now)

    def run(*words: str, code: int = 0) -> str:
        done = CliRunner().invoke(app, ["alerts", *words])
        assert done.exit_code == code, done.output + repr(done.exception)
        return done.stdout

    return run


def test_list_shows_what_stands(ask: Any) -> None:
    shown = ask("list")
    assert "transform failed" in shown
    assert "console sent" in shown
    (only,) = json.loads(ask("list", "--json"))["alerts"]
    assert (only["rule"], only["subject"], only["channels"]) == (
        "step_failed",
        "transform",
        {"console": "sent"},
    )


def test_ack_takes_an_alert_over(ask: Any) -> None:
    (only,) = json.loads(ask("list", "--json"))["alerts"]
    assert ask("ack", only["alert_id"][:8], "--by", "ada").startswith("Acknowledged: transform")
    (after,) = json.loads(ask("list", "--json"))["alerts"]
    assert (after["acknowledged_by"], after["channels"]) == ("ada", {"console": "acknowledged"})


def test_ack_takes_over_all_of_a_rule(ask: Any) -> None:
    assert "transform failed" in ask("ack", "--rule", "step_failed")


def test_silence_is_listed_until_it_is_lifted(ask: Any) -> None:
    said = ask("silence", "--subject", "transform", "--for", "4h", "--reason", "new disk")
    assert "oracul alerts unsilence" in said
    (only,) = json.loads(ask("list", "--json"))["silences"]
    assert only["subject"] == "transform"
    assert "Silenced until" in ask("list")
    ask("unsilence", only["silence_id"][:6])
    assert json.loads(ask("list", "--json"))["silences"] == []


@pytest.mark.parametrize(
    "words",
    [
        ("silence", "--for", "4h"),
        ("silence", "--rule", "lagg", "--for", "4h"),
        ("silence", "--rule", "lag", "--for", "soon"),
        ("silence", "--rule", "lag", "--for", "0h"),
        ("ack", "zzzz"),
        ("ack",),
        ("ack", "--rule", "lag"),
        ("unsilence", "zzzz"),
        ("test",),
    ],
    ids=" ".join,
)
def test_what_makes_no_sense_is_refused(ask: Any, words: tuple[str, ...]) -> None:
    from oracul.errors import ConfigError

    done = CliRunner().invoke(app, ["alerts", *words])
    assert isinstance(done.exception, ConfigError)


def test_test_says_of_each_channel_whether_it_took_the_message(
    ask: Any, stub: HttpStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORACUL_ALERTS__ALLOW_PRIVATE_WEBHOOK", "true")
    monkeypatch.setenv("ORACUL_ALERTS__WEBHOOK_URL", f"http://{stub.host}/hook")
    monkeypatch.setenv("ORACUL_ALERTS__CHANNELS__OPS__URL", f"json://{stub.host}/ops")
    monkeypatch.setenv("ORACUL_ALERTS__CHANNELS__OPS__RULES", "lag")
    assert ask("test") == "✓ webhook: took it\n✓ ops: took it\n"
    assert len(stub.posts) == 2
    stub.status = 403
    assert "✗ ops: channel ops answered HTTP 403" in ask("test", code=1)
