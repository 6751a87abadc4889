"""The life of alerts on several channels, with the real engine and stubs that listen, or do not."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from apprise.plugins.slack import NotifySlack
from pydantic import SecretStr

from oracul.alerts import Told, alert
from oracul.alerts.last_resort import tell_without_ledger
from oracul.alerts.ledger import acknowledge, silence, standing, unsilence
from oracul.errors import ConfigError
from oracul.settings import AlertSettings, ChannelSettings, Settings
from oracul.warehouse import Client, connect
from tests.fixtures.channel_stubs import HttpStub, MailStub, serve_http_stub, serve_mail_stub

NOW = datetime(2024, 5, 2, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
PROMISED_SECONDS = 30
COLUMNS = [
    "checked_at", "suite", "table", "check", "severity", "status", "observed", "expected",
    "unexpected_count", "details", "run_id",
]  # fmt: skip


class Site:
    """A warehouse, and channels by name that lead to stubs."""

    def __init__(self, client: Client, home: Path, **channels: Any) -> None:
        self.client, self.home, self.channels, self.webhook = client, home, channels, ""

    @property
    def settings(self) -> Settings:
        """Settings that lead to the channels."""
        alerts = AlertSettings(
            webhook_url=SecretStr(self.webhook) if self.webhook else None,
            channels={
                name: ChannelSettings(**{"url": SecretStr(url), **rest})
                for name, (url, rest) in self.channels.items()
            },
            allow_private_webhook=True,
            min_free_disk_ratio=0,
            min_free_disk_gb=0,
        )
        return Settings(home=self.home, alerts=alerts, _env_file=None)

    def run(self, at: datetime = NOW) -> Told:
        """One run of the step."""
        return alert(self.settings, self.client, run_id="run", now=at)

    def check(self, at: datetime, status: str, name: str = "no_gaps") -> None:
        """A check has this result."""
        row = [at, "raw", "raw.blocks", name, "critical", status, "3", "0", 3, "", f"run-{at}"]
        self.client.insert("meta.data_quality_checks", [row], column_names=COLUMNS)

    def rows(self, column: str = "status") -> dict[str, list[str]]:
        """What the ledger says of each channel, by time."""
        found: dict[str, list[str]] = {}
        for channel, value in self.client.query(
            f"select channel, {column} from meta.alerts final order by channel, first_at, alert_id"
        ).result_rows:
            found.setdefault(channel, []).append(value)
        return found


@pytest.fixture
def stub() -> Iterator[HttpStub]:
    with serve_http_stub() as running:
        yield running


@pytest.fixture
def mail() -> Iterator[MailStub]:
    with serve_mail_stub() as running:
        yield running


@pytest.fixture
def site(migrated_client: Client, stub: HttpStub, tmp_path: Path) -> Site:
    for table in ("alerts", "alert_silences", "anomalies", "pipeline_runs", "data_quality_checks",
                  "canonical_blocks", "rejected_rows", "reorgs", "verified_blocks"):  # fmt: skip
        migrated_client.command(f"truncate table meta.{table}")
    return Site(migrated_client, tmp_path, ops=(f"json://{stub.host}/ops", {}))


def add_anomalies(client: Client, count: int) -> None:
    names = ["entity_type", "chain", "entity_id", "metric", "date", "method", "value", "expected",
             "lower", "upper", "score", "severity", "explanation", "run_id", "is_active",
             "detected_at"]  # fmt: skip
    rows = [
        ["token", "devnet", f"0x{n % 100:040x}", f"metric_{n // 100}", date(2024, 5, 1), "ensemble",
         9.0, 1.0, 0.5, 2.0, 8.0, "high", f"volume {n} USD", "r", True, NOW]
        for n in range(count)
    ]  # fmt: skip
    client.insert("meta.anomalies", rows, column_names=names)


def test_thousand_anomalies_of_a_night_are_one_message(site: Site, stub: HttpStub) -> None:
    add_anomalies(site.client, 1000)
    told = site.run()
    site.run(NOW + HOUR)
    assert [m.title for m in told.messages] == [
        "1,000 anomalies on 100 tokens or addresses, worst high"
    ]
    assert [body["title"] for body in stub.bodies] == [
        "high: 1,000 anomalies on 100 tokens or addresses, worst high"
    ]
    assert len(site.rows()["ops"]) == 1000


def test_check_that_flaps_does_not_flood(site: Site, stub: HttpStub) -> None:
    """Every ten minutes another end: 12 occasions in four hours."""
    for turn in range(24):
        at = NOW + turn * 10 * MINUTE
        site.check(at, "pass" if turn % 2 else "fail")
        site.run(at)
    firing = [body for body in stub.bodies if not body["title"].startswith("Over")]
    assert len(firing) <= 3 + 12
    assert len(stub.bodies) <= 2 * (3 + 4)
    assert "it came and went" in firing[-1]["message"]
    assert len(site.rows()["ops"]) == 12, "each occasion is written down"


def test_channel_that_is_down_loses_nothing(site: Site, stub: HttpStub) -> None:
    stub.status = 403
    site.check(NOW, "fail")
    site.check(NOW, "fail", "linked")
    assert site.run().undelivered == ["channel ops answered HTTP 403"]
    site.check(NOW + HOUR, "pass", "linked")
    site.run(NOW + HOUR)
    assert set(site.rows()["ops"]) == {"failed"}
    stub.status, stub.posts = 200, []
    told = site.run(NOW + 2 * HOUR)
    assert [body["title"] for body in stub.bodies] == [
        "critical: Check failed on raw.blocks: no_gaps",
        "Over: Check failed on raw.blocks: linked",
    ]
    assert "could not be told" in stub.bodies[1]["message"]
    assert (told.undelivered, sorted(site.rows()["ops"])) == ([], ["resolved", "sent"])


def test_one_channel_that_is_down_does_not_hold_up_another(
    site: Site, stub: HttpStub, mail: MailStub
) -> None:
    site.channels["post"] = (
        f"mailto://127.0.0.1:{mail.port}?from=oracul@a.example&to=ops@a.example",
        {},
    )
    stub.status = 403
    site.check(NOW, "fail")
    site.run()
    assert [m.subject for m in mail.mails] == ["critical: Check failed on raw.blocks: no_gaps"]
    assert site.rows() == {"console": ["sent"], "ops": ["failed"], "post": ["sent"]}


def test_end_is_told_once_on_the_channels_that_had_it(site: Site, stub: HttpStub) -> None:
    site.channels["late"] = (f"json://{stub.host}/late", {"rules": ["lag"]})
    site.check(NOW, "fail")
    site.run()
    site.check(NOW + HOUR, "pass")
    for hour in (1, 2, 3):
        site.run(NOW + hour * HOUR)
    assert [(path, body["title"]) for path, body in stub.posts] == [
        ("/ops", "critical: Check failed on raw.blocks: no_gaps"),
        ("/ops", "Over: Check failed on raw.blocks: no_gaps"),
    ]
    assert stub.bodies[1]["type"] == "success"
    assert site.rows()["ops"] == ["resolved"]


def test_channels_are_told_by_rule_and_severity(site: Site, stub: HttpStub) -> None:
    site.channels = {
        "pager": (f"json://{stub.host}/pager", {"min_severity": "critical"}),
        "desk": (f"json://{stub.host}/desk", {"rules": ["anomaly"]}),
    }
    site.check(NOW, "fail")
    add_anomalies(site.client, 2)
    site.run()
    assert sorted((path, body["title"].partition(":")[0]) for path, body in stub.posts) == [
        ("/desk", "high"),
        ("/pager", "critical"),
    ]


def test_silenced_alert_waits_and_is_told_when_the_silence_is_lifted(
    site: Site, stub: HttpStub
) -> None:
    silence_id = silence(
        site.client, rule="check_failed", subject="raw/raw.blocks/*", until=NOW + 4 * HOUR,
        reason="maintenance", by="ada", now=NOW,
    )  # fmt: skip
    site.check(NOW, "fail")
    assert site.run().kept_back == 1
    assert (stub.posts, site.rows()["ops"]) == ([], ["silenced"])
    assert unsilence(site.client, silence_id[:6], NOW + MINUTE) == silence_id
    site.run(NOW + 2 * MINUTE)
    assert (len(stub.posts), site.rows()["ops"]) == (1, ["sent"])


def test_acknowledged_alert_is_not_tried_again_and_its_end_is_told(
    site: Site, stub: HttpStub
) -> None:
    site.check(NOW, "fail")
    site.run()
    (alert_id,) = standing(site.client)
    (taken_over,) = acknowledge(site.client, [alert_id[:6]], "ada", NOW + MINUTE)
    assert taken_over.title == "Check failed on raw.blocks: no_gaps"
    assert site.rows("acknowledged_by") == {"console": ["ada"], "ops": ["ada"]}
    site.run(NOW + HOUR)
    site.check(NOW + HOUR, "pass")
    site.run(NOW + 2 * HOUR)
    assert len(stub.posts) == 2
    assert standing(site.client) == {}


@pytest.mark.parametrize("prefix", ["zzzz", "", "a"])
def test_acknowledge_wants_an_id_that_stands(site: Site, prefix: str) -> None:
    with pytest.raises(ConfigError):
        acknowledge(site.client, [prefix], "ada", NOW)


def test_state_is_one_occasion_until_it_is_over(site: Site, stub: HttpStub) -> None:
    """A lagging chain moves on slowly: that is not news. Lagging again another day is."""
    from oracul.settings import ChainSettings

    def run(hour: int, block: int, age: timedelta) -> None:
        at = NOW + hour * HOUR
        site.client.insert(
            "meta.canonical_blocks",
            [["ethereum", block, str(block), "", at - age, "latest", block, at]],
            column_names=["chain", "block_number", "block_hash", "parent_hash", "block_timestamp",
                          "finality", "version", "committed_at"],
        )  # fmt: skip
        chains = {"ethereum": ChainSettings(rpc_urls=[SecretStr("http://node.example")])}
        settings = site.settings.model_copy(update={"chains": chains})
        alert(settings, site.client, run_id="run", now=at)

    for hour, age in enumerate([4 * HOUR, 3 * HOUR, MINUTE, 5 * HOUR]):
        run(hour, 10 + hour, age)
    assert [body["title"] for body in stub.bodies] == [
        "high: ethereum lags", "Over: ethereum lags", "high: ethereum lags",
    ]  # fmt: skip


def test_every_kind_of_channel_hears_within_thirty_seconds_of_detection(
    site: Site, stub: HttpStub, mail: MailStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Webhook, Slack (Apprise's own plugin, its one address turned to the stub), mail, Mattermost;
    one more channel does not answer.
    """
    monkeypatch.setattr(NotifySlack, "webhook_url", f"http://{stub.host}/services")
    site.webhook = f"http://{stub.host}/hook"
    site.channels = {
        "slack": ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#ops", {}),
        "team": (f"mmost://{stub.host}/3ccdd113474722377935511fc85d3dd4", {}),
        "post": (f"mailto://127.0.0.1:{mail.port}?from=oracul@a.example&to=ops@a.example", {}),
        "dead": ("json://127.0.0.1:9/x", {}),
    }
    detected = time.monotonic()
    site.check(NOW, "fail")
    told = site.run()
    arrivals = [at - detected for at in (*stub.times, *mail.times)]
    assert max(arrivals) < PROMISED_SECONDS
    assert sorted(path.split("/")[1] for path, _ in stub.posts) == ["hook", "hooks", "services"]
    assert len(mail.mails) == 1
    assert told.undelivered[0].startswith("channel dead did not take the message")


def test_two_tellings_at_once_tell_once(
    site: Site, stub: HttpStub, warehouse_settings: Settings
) -> None:
    """The pipeline's own and the scheduled one."""
    site.check(NOW, "fail")
    other = Site(connect(warehouse_settings), site.home, **site.channels)
    with ThreadPoolExecutor() as pool:
        told = list(pool.map(lambda one: one.run(), [site, other]))
    other.client.close()
    assert sorted(len(t.sent) for t in told) == [0, 1]
    assert len(stub.posts) == 1


def test_without_a_warehouse_every_channel_for_failed_steps_is_told(
    site: Site, stub: HttpStub
) -> None:
    site.channels["desk"] = (f"json://{stub.host}/desk", {"rules": ["anomaly"]})
    site.webhook = f"http://{stub.host}/hook"
    fault = tell_without_ledger(site.settings, "disk full", run_id="r", now=NOW)
    assert (fault, sorted(path for path, _ in stub.posts)) == ("", ["/hook", "/ops"])


def test_without_a_warehouse_people_are_told_once_an_hour(site: Site, stub: HttpStub) -> None:
    def told(after: timedelta) -> int:
        stub.posts.clear()
        tell_without_ledger(site.settings, "disk full", run_id="r", now=NOW + after)
        return len(stub.posts)

    assert [told(n * 20 * MINUTE) for n in range(5)] == [1, 0, 0, 1, 0]
    assert told(-HOUR) == 1
    (note,) = site.home.glob("told-*")
    assert note.stat().st_mode & 0o777 == 0o600
    note.write_text("nonsense")
    assert told(-HOUR) == 1
    note.unlink()
    note.mkdir()
    assert [told(timedelta()), told(MINUTE)] == [1, 1]


def test_without_a_warehouse_what_no_channel_took_is_tried_again(
    site: Site, stub: HttpStub
) -> None:
    site.channels = {"dead": ("json://127.0.0.1:9/x", {})}
    assert tell_without_ledger(site.settings, "disk full", run_id="r", now=NOW)
    site.channels = {"ops": (f"json://{stub.host}/ops", {})}
    assert tell_without_ledger(site.settings, "disk full", run_id="r", now=NOW + MINUTE) == ""
    assert len(stub.posts) == 1
