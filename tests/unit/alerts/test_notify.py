"""Messages through Apprise: to stubs that speak as the services do, and to what does not answer.

Slack, Telegram, Discord and PagerDuty have one address in the world; Apprise's constant for it is
turned to the stub, the plugin is its own.
"""

import logging
import socket
from collections.abc import Iterator

import pytest
from apprise.plugins import pagerduty
from apprise.plugins.discord import NotifyDiscord
from apprise.plugins.slack import NotifySlack
from apprise.plugins.telegram import NotifyTelegram

from oracul.alerts.messages import Message, bundle
from oracul.alerts.notify import notify_all
from oracul.alerts.rules import Alert, TroubledStep, step_alerts
from oracul.http import RetryPolicy
from tests.fixtures.channel_stubs import HttpStub, serve_http_stub, serve_mail_stub
from tests.fixtures.hostile_names import HOSTILE

SECRET = "T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
ALERT = Alert("id", "step_failed", "high", "transform failed", "no disk (run r)", "transform")
QUICK = RetryPolicy(deadline_seconds=0.2, first_wait_seconds=0.01)


@pytest.fixture
def stub() -> Iterator[HttpStub]:
    with serve_http_stub() as running:
        yield running


def send(url: str, *messages: Message, allows_private: bool = True) -> list[str]:
    told = messages or tuple(bundle([ALERT]))
    return notify_all("ops", url, told, allows_private=allows_private, policy=QUICK)


def addresses(stub: HttpStub, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The URL of each kind of channel, all leading to the stub."""
    here = f"http://{stub.host}"
    monkeypatch.setattr(NotifySlack, "webhook_url", f"{here}/services")
    monkeypatch.setattr(NotifyTelegram, "notify_url", f"{here}/bot")
    monkeypatch.setattr(NotifyDiscord, "notify_url", f"{here}/api/webhooks")
    monkeypatch.setitem(pagerduty.PAGERDUTY_API_LOOKUP, "us", f"{here}/v2/enqueue")
    return {
        "slack": f"slack://{SECRET}/#ops",
        "telegram": "tgram://123456789:ABCdefghijklmnopqrstuvwxyz123456789/-1001",
        "discord": "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js",
        "pagerduty": "pagerduty://integrationkey77@apikey77/oracul/warehouse",
        "mattermost": f"mmost://{stub.host}/3ccdd113474722377935511fc85d3dd4",
        "json": f"json://{stub.host}/path",
    }


KINDS = ("slack", "telegram", "discord", "pagerduty", "mattermost", "json")


@pytest.mark.parametrize("kind", KINDS)
def test_message_arrives_whole(kind: str, stub: HttpStub, monkeypatch: pytest.MonkeyPatch) -> None:
    assert send(addresses(stub, monkeypatch)[kind]) == [""]
    said = repr(stub.bodies)
    for part in ("high: transform failed", "no disk (run r)", "docs/runbooks/step-failed"):
        assert part in said


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_text_arrives_as_text(
    kind: str, stub: HttpStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = [TroubledStep(n, n, "failed", f"the node says {n}", "r", "r") for n in HOSTILE]
    assert send(addresses(stub, monkeypatch)[kind], *bundle(step_alerts(steps[:1]))) == [""]
    assert send(addresses(stub, monkeypatch)[kind], *bundle(step_alerts(steps))) == [""]
    said = " ".join(texts(stub.bodies))
    assert not {"<", ">", "@", "`", "*", "\x1b", "\u202e", "://"} & set_of(said)
    assert stub.bodies[0].get("parse_mode", "HTML") == "HTML", "Telegram's escaped kind"


def texts(found: object) -> list[str]:
    """What the body says of the alerts: not the sender's name and keys."""
    if isinstance(found, dict):
        own = {"footer", "footer_icon", "routing_key", "client", "username", "links", "ts"}
        return [text for key, value in found.items() if key not in own for text in texts(value)]
    if isinstance(found, list):
        return [text for value in found for text in texts(value)]
    return [found] if isinstance(found, str) else []


def set_of(text: str) -> set[str]:
    return set(text) | ({"://"} if "://" in text else set())


def test_mail_arrives_as_plain_text() -> None:
    hostile = step_alerts([TroubledStep("s", "", "failed", n, "r", "r") for n in HOSTILE])
    with serve_mail_stub() as mail:
        url = f"mailto://127.0.0.1:{mail.port}?from=oracul@a.example&to=ops@a.example"
        assert send(url) == [""]
        assert send(url, *bundle(hostile)) == [""]
    first, second = mail.mails
    assert (first.to, first.subject) == (["ops@a.example"], "high: transform failed")
    assert "no disk (run r)" in first.text
    assert {*first.kinds, *second.kinds} == {"text/plain"}
    assert not set("<>`*@") & set(second.text)


def test_long_message_fits_with_whole_lines_and_its_runbook(
    stub: HttpStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = tuple(f"line {n} {'x' * 400}" for n in range(60))
    message = Message("anomaly", "high", "60 anomalies", lines, ())
    assert send(addresses(stub, monkeypatch)["telegram"], message) == [""]
    (body,) = stub.bodies
    assert len(body["text"]) < 4096
    assert "more lines" in body["text"]
    assert body["text"].endswith("docs/runbooks/anomaly")


@pytest.mark.parametrize("kind", KINDS)
def test_fault_names_a_status_but_no_address(
    kind: str, stub: HttpStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub.status = 403
    (fault,) = send(addresses(stub, monkeypatch)[kind])
    assert fault == "channel ops answered HTTP 403"


def test_log_of_the_library_goes_nowhere(stub: HttpStub) -> None:
    """Also for whoever makes every library tell everything."""
    heard: list[str] = []

    class Listening(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append(record.name)

    root, listening, level = logging.getLogger(), Listening(1), logging.getLogger().level
    root.addHandler(listening)
    root.setLevel(1)
    try:
        stub.status = 403
        send(f"json://user:{SECRET[-12:]}@{stub.host}/x")
        send("nosuch://user:password@host/x")
        logging.getLogger("another").debug("the control")
    finally:
        root.removeHandler(listening)
        root.setLevel(level)
    assert "apprise" not in heard
    assert "another" in heard


def test_channel_that_is_out_is_tried_again_then_given_up(stub: HttpStub) -> None:
    stub.status = 503
    messages = [*bundle([ALERT]), *bundle([ALERT])]
    faults = send(f"json://{stub.host}/x", *messages)
    assert faults[0].startswith("channel ops answered HTTP 503 (tried ")
    assert faults[1] == faults[0]
    assert len(stub.posts) > 1


@pytest.mark.parametrize(
    "url", ["not an address", "nosuch://a/b", "slack://", "mailto://", "json://[bad", ""]
)
def test_address_of_nothing_is_said_and_not_shown(url: str) -> None:
    (fault,) = send(url)
    assert fault == "channel ops is not an address that Apprise knows"


@pytest.mark.parametrize(
    "url", ["json://{host}/x", "mmost://{host}/3ccdd113474722377935511fc85d3dd4",
            "json://localhost:{port}/x", "form://{host}/x"]
)  # fmt: skip
def test_private_place_is_refused_unless_allowed(url: str, stub: HttpStub) -> None:
    (fault,) = send(url.format(host=stub.host, port=stub.port), allows_private=False)
    assert "on this machine or in a private network" in fault
    assert "ORACUL_ALERTS__ALLOW_PRIVATE_WEBHOOK" in fault
    assert stub.posts == []


def test_private_mail_server_is_refused_unless_allowed() -> None:
    with serve_mail_stub() as mail:
        url = f"mailto://127.0.0.1:{mail.port}?from=oracul@a.example&to=ops@a.example"
        assert "private network" in send(url, allows_private=False)[0]
    assert mail.mails == []


@pytest.mark.parametrize("host", ["169.254.169.254", "2852039166", "0xa9fea9fe"])
def test_metadata_service_is_refused_whatever_is_allowed(host: str) -> None:
    (fault,) = send(f"json://{host}/latest/meta-data")
    assert "metadata service" in fault or "Apprise knows" in fault


def test_name_that_turns_private_is_judged_where_it_connects(
    stub: HttpStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: the address is judged when the system is asked to connect to it."""
    real = socket.getaddrinfo

    def lookup(host: object, *rest: object, **named: object) -> object:
        return real("127.0.0.1" if host == "rebind.test" else host, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    url = f"json://rebind.test:{stub.port}/x"
    assert "private network" in send(url, allows_private=False)[0]
    assert send(url) == [""]


def test_redirect_is_not_followed_even_if_the_url_asks_for_it(stub: HttpStub) -> None:
    with serve_http_stub() as other:
        stub.status, stub.location = 307, f"http://{other.host}/stolen"
        (fault,) = send(f"json://{stub.host}/x?redirect=yes")
    assert "HTTP 307" in fault
    assert other.posts == []


def test_kind_that_cannot_be_guarded_needs_the_switch() -> None:
    assert "cannot be guarded" in send("mqtt://10.1.2.3/topic", allows_private=False)[0]
    assert "cannot be guarded" not in send("mqtt://10.1.2.3/topic")[0]
