"""Sending messages through Apprise: Slack, Telegram, Discord, e-mail, PagerDuty and many more.

Apprise opens its connections itself, says what went wrong in its log only, and quotes addresses
there. So the thread is watched for where it connects, the log is kept in, and of what it said
nothing gets out but a status: a fault never holds an address.
"""

import logging
import random
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from oracul.alerts.messages import OVER, Message
from oracul.http import RetryPolicy, wait_seconds
from oracul.reach import Watch, refusal_of_host, watched_connections

if TYPE_CHECKING:
    from apprise import NotifyBase

# For one message. A channel that was out once is not tried again in the same run.
POLICY = RetryPolicy(deadline_seconds=20, first_wait_seconds=1)
# For all messages of a channel: some services ask for seconds between two.
CHANNEL_SECONDS = 60
# These connect from threads of their own, where nothing watches.
UNWATCHED = frozenset({"mqtt", "mqtts", "xmpp", "xmpps"})
_STATUS = re.compile(r"error=(\d{3})\b")
# What asking again does not change.
_FINAL = frozenset({"400", "401", "403", "404", "405", "410", "413"})
_TYPES = {"critical": "failure", "high": "failure", "medium": "warning", "low": "info"}
_HINT = "Set ORACUL_ALERTS__ALLOW_PRIVATE_WEBHOOK=true if it is meant to be there."
_LED_ASTRAY = f"leads to an address that {{why}}: it was not asked. {_HINT}"


def notify_all(
    name: str,
    url: str,
    messages: Sequence[Message],
    *,
    allows_private: bool = False,
    policy: RetryPolicy = POLICY,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> list[str]:
    """Send each message to the service of an Apprise URL; the fault of each, '' where it was taken.

    `name` is what faults call the channel. Once a message did not get through, those after it are
    not tried. `allows_private` as for the webhook. Never raises.
    """
    with _log_kept_in() as said:
        if url.partition("://")[0].lower() in UNWATCHED and not allows_private:
            why = f"channel {name} is of a kind whose connections cannot be guarded. {_HINT}"
            return [why] * len(messages)
        service = _open(url)
        if service is None:
            return [f"channel {name} is not an address that Apprise knows"] * len(messages)
        if why := _refusal(service, allows_private):
            return [f"channel {name} {_LED_ASTRAY.format(why=why)}"] * len(messages)
        faults: list[str] = []
        start = clock()
        for message in messages:
            if faults and faults[-1]:
                faults.append(faults[-1])
            elif clock() - start > CHANNEL_SECONDS:
                faults.append(f"channel {name} is slow: what is left goes out with the next run")
            else:
                with watched_connections(allows_private=allows_private) as watch:
                    fault = _retried(service, message, said, watch, policy, clock, sleep)
                faults.append(f"channel {name} {fault}" if fault else "")
        return faults


def _refusal(service: "NotifyBase", allows_private: bool) -> str:
    """Why a host that is written as a number is not asked, also not through a proxy."""
    hosts = {getattr(service, name, None) for name in ("host", "smtp_host")}
    refusals = (
        refusal_of_host(host, allows_private=allows_private)
        for host in hosts
        if isinstance(host, str)
    )
    return next((why for why in refusals if why), "")


def _retried(
    service: "NotifyBase",
    message: Message,
    said: list[str],
    watch: Watch,
    policy: RetryPolicy,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> str:
    start, attempt = clock(), 0
    while True:
        attempt += 1
        said.clear()
        if _send(service, message):
            return ""
        if watch.refused:
            return _LED_ASTRAY.format(why=watch.refused)
        status = next((found[1] for text in said if (found := _STATUS.search(text))), "")
        fault = f"answered HTTP {status}" if status else "did not take the message"
        # Half the deadline: the try that follows takes its time, too.
        wait = wait_seconds(policy, attempt, clock() - start, jitter=random.random())  # noqa: S311
        if status in _FINAL or wait is None or clock() - start > policy.deadline_seconds / 2:
            return f"{fault} (tried {attempt} times)" if attempt > 1 else fault
        sleep(wait)


def _send(service: "NotifyBase", message: Message) -> bool:
    from apprise import Apprise, NotifyFormat, NotifyType

    sender = Apprise(asset=service.asset)
    sender.add(service)
    kind = "success" if message.rule == OVER else _TYPES[message.severity]
    title = message.title if message.rule == OVER else f"{message.severity}: {message.title}"
    try:
        taken = sender.notify(
            body=_fitted(message.body or message.title, service.body_maxlen),
            title=title[: service.title_maxlen or None],
            notify_type=NotifyType(kind),
            body_format=NotifyFormat.TEXT,
        )
    except Exception:  # noqa: BLE001 — a plugin's own mistake; its words may hold the address
        return False
    return bool(taken)


def _open(url: str) -> "NotifyBase | None":
    """The service of this URL; None when it is not one."""
    from apprise import Apprise, AppriseAsset, NotifyFormat
    from apprise.common import OverflowMode

    asset = AppriseAsset(
        app_id="Oracul",
        app_desc="Oracul",
        app_url="",
        image_url_mask="",
        image_url_logo="",
        async_mode=False,
        secure_logging=True,
        http_redirects=False,
        interpret_emojis=False,
    )
    service = Apprise.instantiate(url, asset=asset)
    if service is None:
        return None
    # Whatever the URL says: no redirect is followed, nothing in a text is markup.
    service.redirects = False
    service.interpret_emojis = False
    service.notify_format = NotifyFormat.TEXT
    service.overflow_mode = OverflowMode.TRUNCATE
    return service


def _fitted(text: str, longest: int) -> str:
    """The text in what a service takes: whole lines, the rest counted. Escaping lengthens it."""
    room = longest * 4 // 5
    if len(text) <= room:
        return text
    lines, kept = text.split("\n"), 0
    # The runbook, the last line, stays.
    tail = lines.pop() if lines[-1].startswith("Runbook: ") else ""
    room -= len(tail) + 40
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            break
        kept += 1
    more = f"… and {len(lines) - kept:,} more lines"
    return "\n".join([*lines[:kept], more, *([tail] if tail else [])])


_log_lock = threading.Lock()


class _Kept(logging.Handler):
    """Keeps what this thread's Apprise said."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.said: list[str] = []
        self.thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        """Remember the words of a warning."""
        if record.thread == self.thread and record.levelno >= logging.WARNING:
            self.said.append(record.getMessage())


@contextmanager
def _log_kept_in() -> Iterator[list[str]]:
    """Apprise's log, which goes nowhere else: not even who raises the level of all logs sees it."""
    log = logging.getLogger("apprise")
    kept = _Kept()
    with _log_lock:
        log.propagate = False
        log.setLevel(logging.INFO)
        log.addHandler(kept)
    try:
        yield kept.said
    finally:
        log.removeHandler(kept)
