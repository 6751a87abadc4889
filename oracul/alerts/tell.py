"""The shell: find what was not told yet, tell it on every channel, and write down that it was."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from oracul.alerts.channels import Channel, channels_of, send_to_each
from oracul.alerts.conditions import named
from oracul.alerts.inputs import all_alerts
from oracul.alerts.ledger import CONSOLE, silences, tellings, write
from oracul.alerts.messages import OVER, Message, bundle, over, throttled
from oracul.alerts.plan import Plan, Telling, ended, ending, plan, taken
from oracul.alerts.rules import Alert, rank
from oracul.log import get_logger
from oracul.settings import AlertSettings, Settings
from oracul.units import plural
from oracul.warehouse import Client
from oracul.warehouse.build_lock import telling_lock


@dataclass
class Told:
    """What a telling did. `messages` are for the console; `sent` went out on some channel.

    `undelivered` holds one line for each fault of a channel; what it did not take is tried again in
    the next run. `known` alerts stand but were told before, `kept_back` ones are silenced or come
    and go; `over` ended since.
    """

    messages: list[Message] = field(default_factory=list)
    sent: list[Alert] = field(default_factory=list)
    undelivered: list[str] = field(default_factory=list)
    known: int = 0
    kept_back: int = 0
    over: int = 0

    @property
    def sentence(self) -> str:
        """The telling in one line."""
        text = f"{plural(len(self.sent), 'new alert')}" if self.sent else "nothing new to tell"
        if self.over:
            text += f", {self.over:,} over"
        if self.known:
            text += f", {self.known:,} told before"
        if self.kept_back:
            text += f", {self.kept_back:,} kept back"
        return "; ".join([text, *self.undelivered])


@dataclass(frozen=True)
class _Turn:
    """One channel's turn: what it knew, what it is told now."""

    channel: Channel
    before: Mapping[str, Telling]
    plan: Plan
    messages: Sequence[Message]


def alert(settings: Settings, client: Client, *, run_id: str, now: datetime) -> Told:
    """Tell what every rule finds, each occasion once to each channel, and what of it is over.

    The console's messages are returned for the caller to print. What was told is kept in
    `meta.alerts`; running it again tells nothing twice. A channel that fails is reported in
    `undelivered` and tried again next time; it raises nothing. One telling at a time on a machine.
    """
    with telling_lock(settings.home):
        return _tell(settings, client, run_id=run_id, now=now)


def _tell(settings: Settings, client: Client, *, run_id: str, now: datetime) -> Told:
    where = settings.alerts
    told_before = tellings(client, now)
    open_ids: dict[tuple[str, str], str] = {
        (row.alert.rule, row.alert.subject): alert_id
        for alert_id, row in told_before.get(CONSOLE, {}).items()
        if row.is_open
    }
    standing = named(all_alerts(settings, client, now), open_ids, now)
    least = rank(where.min_severity)
    worth = [a for a in standing if a.rule != "anomaly" or rank(a.severity) >= least]
    quiet = silences(client)
    turns = []
    for channel in [Channel(CONSOLE, ""), *channels_of(where)]:
        before = told_before.get(channel.name, {})
        decided = plan(channel.wanted(worth), before, standing=standing, silences=quiet, now=now)
        turns.append(_Turn(channel, before, decided, _messages(decided, where, now)))
    told = _tell_console(client, turns[0], now)
    _tell_channels(client, where, turns[1:], told, run_id=run_id, now=now)
    get_logger().info(
        "alerts_told", run_id=run_id, alerts=len(told.sent), over=told.over,
        kept_back=told.kept_back, undelivered=len(told.undelivered),
    )  # fmt: skip
    return told


def _messages(decided: Plan, where: AlertSettings, now: datetime) -> list[Message]:
    endings = over([ending(row, now) for row in decided.over])
    fresh = throttled(bundle(decided.fresh, where.runbook_base), where.max_messages)
    return [*fresh, *endings]


def _tell_console(client: Client, turn: _Turn, now: datetime) -> Told:
    decided = turn.plan
    rows = [
        *decided.quiet,
        *taken(decided.fresh, turn.before, "", now),
        *ended(decided.over, now),
    ]
    write(client, CONSOLE, rows)
    return Told(
        messages=list(turn.messages),
        sent=list(decided.fresh),
        known=decided.known,
        kept_back=decided.kept_back,
        over=len(decided.over),
    )


def _tell_channels(
    client: Client,
    where: AlertSettings,
    turns: Sequence[_Turn],
    told: Told,
    *,
    run_id: str,
    now: datetime,
) -> None:
    """Send to all channels at once, then write down who took what."""
    faults_by_channel = send_to_each(
        [(turn.channel, turn.messages) for turn in turns],
        run_id=run_id,
        now=now,
        allows_private=where.allow_private_webhook,
    )
    sent = {a.alert_id for a in told.sent}
    undelivered = set()
    for turn, faults in zip(turns, faults_by_channel, strict=True):
        rows = list(turn.plan.quiet)
        for message, fault in zip(turn.messages, faults, strict=True):
            if fault:
                undelivered.add(fault)
            if message.rule != OVER:
                rows += taken(message.alerts, turn.before, fault, now)
                late = [] if fault else [a for a in message.alerts if a.alert_id not in sent]
                told.sent += late
                sent |= {a.alert_id for a in late}
            elif not fault:
                rows += ended(turn.plan.over, now)
        write(client, turn.channel.name, rows)
    told.undelivered = sorted(undelivered)
