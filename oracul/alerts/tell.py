"""The shell: find what was not told yet, tell it, and write down that it was."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from oracul.alerts.deliver import post_all
from oracul.alerts.inputs import (
    Telling,
    active_anomalies,
    failed_checks,
    tellings,
    troubled_steps,
)
from oracul.alerts.messages import Message, bundle
from oracul.alerts.rules import Alert, anomaly_alerts, check_alerts, step_alerts
from oracul.log import get_logger
from oracul.settings import AlertSettings, Settings
from oracul.units import plural
from oracul.warehouse import Client

CONSOLE, WEBHOOK = "console", "webhook"


@dataclass
class Told:
    """What a telling did. `messages` are for the console; `sent` went out on some channel.

    `undelivered` holds one line for each fault of the webhook; those alerts are tried again in the
    next run. `known` alerts stand but were told before.
    """

    messages: list[Message] = field(default_factory=list)
    sent: list[Alert] = field(default_factory=list)
    undelivered: list[str] = field(default_factory=list)
    known: int = 0

    @property
    def sentence(self) -> str:
        """The telling in one line."""
        text = f"{plural(len(self.sent), 'new alert')}" if self.sent else "nothing new to tell"
        if self.known:
            text += f", {self.known:,} told before"
        return "; ".join([text, *self.undelivered])


def alert(settings: Settings, client: Client, *, run_id: str, now: datetime) -> Told:
    """Tell failed critical checks, failed or degraded steps and severe anomalies, each once.

    The console's messages are returned for the caller to print; with `alerts.webhook_url` they are
    also posted there. What was told is kept in `meta.alerts`; running it again tells nothing twice.
    A webhook that fails is reported in `undelivered` and tried again next time; it raises nothing.
    """
    alerts = [
        *check_alerts(failed_checks(client)),
        *step_alerts(troubled_steps(client)),
        *anomaly_alerts(active_anomalies(client), settings.alerts.min_severity),
    ]
    told = Told()
    before = tellings(client, CONSOLE)
    fresh = _untold(alerts, before)
    told.known = len(alerts) - len(fresh)
    told.messages, told.sent = bundle(fresh), list(fresh)
    _write(client, fresh, before, CONSOLE, "sent", now)
    url = settings.alerts.webhook_url
    if url is not None and url.get_secret_value():
        told.sent += _tell_webhook(client, settings.alerts, alerts, told, run_id, now)
    get_logger().info(
        "alerts_told", run_id=run_id, alerts=len(told.sent), undelivered=len(told.undelivered)
    )
    return told


def _tell_webhook(
    client: Client,
    where: AlertSettings,
    alerts: Sequence[Alert],
    told: Told,
    run_id: str,
    now: datetime,
) -> list[Alert]:
    """Post what the webhook does not know yet; returns what went out there but not here."""
    before = tellings(client, WEBHOOK)
    messages = bundle(_untold(alerts, before))
    if not messages:
        return []
    url = where.webhook_url.get_secret_value() if where.webhook_url else ""
    posting = post_all(
        url, messages, run_id=run_id, now=now, allows_private=where.allow_private_webhook
    )
    faults = asyncio.run(posting)
    here = {a.alert_id for a in told.sent}
    late = []
    for message, fault in zip(messages, faults, strict=True):
        _write(client, message.alerts, before, WEBHOOK, "failed" if fault else "sent", now)
        if not fault:
            late += [a for a in message.alerts if a.alert_id not in here]
    told.undelivered = sorted({fault for fault in faults if fault})
    return late


def _untold(alerts: Sequence[Alert], before: Mapping[str, Telling]) -> list[Alert]:
    return [a for a in alerts if a.alert_id not in before or before[a.alert_id].status != "sent"]


def _write(
    client: Client,
    alerts: Sequence[Alert],
    before: Mapping[str, Telling],
    channel: str,
    status: str,
    now: datetime,
) -> None:
    if not alerts:
        return
    rows = []
    for a in alerts:
        earlier = before.get(a.alert_id)
        first_at, count = (earlier.first_at, earlier.count) if earlier else (now, 0)
        rows.append(
            [a.alert_id, a.rule, a.severity, a.title, a.body, channel, status, first_at, now,
             count + 1]
        )  # fmt: skip
    client.insert(
        "meta.alerts",
        rows,
        column_names=[
            "alert_id", "rule", "severity", "title", "body", "channel", "status", "first_at",
            "last_at", "count",
        ],
    )  # fmt: skip
