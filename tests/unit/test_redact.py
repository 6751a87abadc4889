"""The net below every text: secrets whole, cut and encoded."""

import base64
import logging
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracul import redact
from oracul.errors import BadReply
from oracul.log import guard_other_loggers
from oracul.redact import SHORTEST, forms, hide, without_secrets

SECRETS = st.text(st.characters(codec="utf-8", exclude_characters="…"), min_size=SHORTEST)
KEY = "Zk81+Qm/77wB=xY2tR"


@pytest.fixture(autouse=True)
def nothing_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test hides for itself: what was hidden before stays so, and is put back after it."""
    monkeypatch.setattr(redact, "_grams", set())


@given(SECRETS, st.text(max_size=20), st.text(max_size=20))
def test_no_run_of_a_secret_stays(secret: str, before: str, after: str) -> None:
    redact._grams.clear()
    hide(secret)
    shown = without_secrets(before + secret + after)
    runs = {secret[i : i + SHORTEST] for i in range(len(secret) - SHORTEST + 1)}
    assert "://" in secret or not [run for run in runs if run in shown]


@given(st.text(max_size=60))
def test_text_without_a_secret_stays_as_it_is(text: str) -> None:
    redact._grams.clear()
    hide(KEY)
    assert without_secrets(text) == text


@pytest.mark.parametrize(
    "said",
    [KEY, KEY[:9], KEY[-8:], quote(KEY, safe=""), base64.b64encode(KEY.encode()).decode(),
     base64.urlsafe_b64encode(KEY.encode()).decode()],
)  # fmt: skip
def test_forms_of_a_key_are_taken_out(said: str) -> None:
    hide(KEY)
    assert without_secrets(f"invalid key {said}!") in ("invalid key …!", "invalid key …=!")


def test_parts_of_an_address_are_secrets_but_not_its_host_and_words() -> None:
    hide(
        f"https://login-77:{quote(KEY, safe='')}@rpc.example.org/mainnet/0123456789ab?key=QWERTY12"
    )
    text = f"rpc.example.org/mainnet refused {KEY}, login-77, 0123456789ab and QWERTY12"
    assert without_secrets(text) == "rpc.example.org/mainnet refused …, …, … and …"


def test_login_is_known_as_the_header_that_carries_it() -> None:
    hide("https://user:Pa55w0rd-Pa55w0rd@rpc.example.org/")
    header = base64.b64encode(b"user:Pa55w0rd-Pa55w0rd").decode()
    assert "dXNlcjp" not in without_secrets(f"Authorization: Basic {header}")


@pytest.mark.parametrize("secret", ["", "short", "://", "http://[", "https://h/ethereum"])
def test_nothing_is_hidden_for_what_is_no_secret(secret: str) -> None:
    assert forms(secret) == set()


def test_errors_carry_no_secret() -> None:
    hide(KEY)
    error = BadReply(f"the node says: no {KEY}", hint=f"Is {KEY} right?")
    assert KEY[:8] not in f"{error} {error!r} {error.args}"


def test_other_libraries_log_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    before = logging.getLogRecordFactory()
    hide(KEY)
    try:
        guard_other_loggers()
        guard_other_loggers()
        logging.getLogger("httpcore.http11").warning("headers=%r", [(b"Location", KEY.encode())])
        logging.getLogger("x").warning("%s of %d %% done", "nothing", 3)
        logging.getLogRecordFactory()("x", logging.INFO, "", 0, "%s and %s", ("one",), None)
    finally:
        logging.setLogRecordFactory(before)
    assert caplog.messages == ["headers=[(b'Location', b'…')]", "nothing of 3 % done"]


def test_tracebacks_of_other_libraries_show_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    before = logging.getLogRecordFactory()
    hide(KEY)
    try:
        guard_other_loggers()
        try:
            raise ValueError(f"invalid key {KEY}")
        except ValueError:
            logging.getLogger("x").exception("it failed")
    finally:
        logging.setLogRecordFactory(before)
    assert "ValueError: invalid key …" in caplog.text
    assert KEY[:8] not in caplog.text


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("tgram://123456789:ABC-DEF1234ghIkl/-1001", "bot123456789:ABC-DEF1234ghIkl/send"),
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazk", "services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazk"),
        ("discord://4174216298/JHMHI8qBe7bk2Z", "webhooks/4174216298/JHMHI8qBe7bk2Z"),
    ],
)
def test_key_in_the_place_of_a_host_is_a_secret(address: str, said: str) -> None:
    hide(address)
    shown = without_secrets(said)
    assert not [part for part in address.split("/")[2:4] if len(part) >= SHORTEST and part in shown]


def test_host_of_a_mail_server_is_none() -> None:
    hide("mailto://ops-bot:hunter2-and-more@mail.example.org:587")
    assert without_secrets("mail.example.org refused hunter2-and-more") == (
        "mail.example.org refused …"
    )
