"""The channels of the settings: which alerts each is for, and how a message gets there."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

from oracul.alerts.deliver import post_all
from oracul.alerts.messages import Message
from oracul.alerts.plan import least
from oracul.alerts.rules import Alert
from oracul.settings import AlertSettings, Severity

WEBHOOK = "webhook"


@dataclass(frozen=True)
class Channel:
    """A place where alerts of at least this severity and of these rules go (none named = all)."""

    name: str
    url: str = field(repr=False)
    min_severity: Severity = "low"
    rules: frozenset[str] = frozenset()

    def wanted(self, alerts: Sequence[Alert]) -> list[Alert]:
        """The alerts that are for this channel."""
        return least(alerts, self.min_severity, self.rules)


def channels_of(where: AlertSettings) -> list[Channel]:
    """The webhook, if there is one, then the others by name."""
    found = []
    if where.webhook_url is not None and where.webhook_url.get_secret_value():
        found.append(Channel(WEBHOOK, where.webhook_url.get_secret_value()))
    for name, channel in sorted(where.channels.items()):
        url = channel.url.get_secret_value()
        found.append(Channel(name, url, channel.min_severity, frozenset(channel.rules)))
    return found


def send_to_each(
    sending: Sequence[tuple[Channel, Sequence[Message]]],
    *,
    run_id: str,
    now: datetime,
    allows_private: bool,
) -> list[list[str]]:
    """Send each channel its messages, all channels at once; the faults of each, '' where taken."""

    def send(channel: Channel, messages: Sequence[Message]) -> list[str]:
        if not messages:
            return []
        if channel.name == WEBHOOK:
            posting = post_all(
                channel.url, messages, run_id=run_id, now=now, allows_private=allows_private
            )
            return asyncio.run(posting)
        # Late: it knows more than a hundred services and takes its time.
        from oracul.alerts.notify import notify_all

        return notify_all(channel.name, channel.url, messages, allows_private=allows_private)

    if not sending:
        return []
    with ThreadPoolExecutor(len(sending), thread_name_prefix="alerts") as pool:
        return list(pool.map(send, *zip(*sending, strict=True)))
