"""What one channel is told now, kept back, or told to be over: from what it was told. Pure.

Each alert is told once to each channel, and again when it got worse. What a channel did not take is
tried again. What comes and goes is told at most once an hour. What is silenced waits for the end of
the silence. Nothing is dropped: every decision is a row of `meta.alerts`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Literal, NamedTuple

from oracul.alerts.rules import Alert, rank
from oracul.alerts.text import harmless
from oracul.settings import Severity
from oracul.units import seconds_text

Status = Literal["sent", "failed", "held", "silenced", "acknowledged", "resolved"]
# From this many occasions within a day on, a subject flaps: it is told once an hour.
FLAPS = 3
FLAP_WINDOW, FLAP_PAUSE = timedelta(days=1), timedelta(hours=1)
# These happened: nobody needs to hear that they are over.
EVENTS = frozenset({"reorg"})


@dataclass(frozen=True)
class Telling:
    """One row of `meta.alerts`: an alert and what became of it on a channel."""

    alert: Alert
    status: Status
    first_at: datetime
    last_at: datetime
    count: int = 0
    told_at: datetime | None = None
    resolved_at: datetime | None = None
    acknowledged_by: str = ""

    @property
    def is_open(self) -> bool:
        """True until its alert is over."""
        return self.status != "resolved"


class Silence(NamedTuple):
    """A rule, a pattern of subjects or both that are kept quiet; empty = all."""

    silence_id: str
    rule: str
    subject: str
    until: datetime

    def covers(self, alert: Alert, now: datetime) -> bool:
        """Whether the alert is kept quiet at this instant."""
        return (
            now < self.until
            and self.rule in ("", alert.rule)
            and (not self.subject or fnmatchcase(alert.subject, self.subject))
        )


@dataclass
class Plan:
    """`fresh` is to be told, `over` to be told as over; `quiet` are rows to write untold."""

    fresh: list[Alert] = field(default_factory=list)
    over: list[Telling] = field(default_factory=list)
    quiet: list[Telling] = field(default_factory=list)
    known: int = 0
    kept_back: int = 0


def plan(
    wanted: Sequence[Alert],
    before: Mapping[str, Telling],
    *,
    standing: Collection[Alert],
    silences: Sequence[Silence],
    now: datetime,
) -> Plan:
    """What to do on a channel that wants these alerts and was told what `before` holds, by id.

    `standing` are all alerts that stand, wanted or not.
    """
    found = Plan()
    for alert in wanted:
        row = before.get(alert.alert_id)
        if _is_known(alert, row):
            found.known += 1
        elif row is not None and _came_back(alert, row, now):
            found.known += 1
            found.quiet.append(_moved(row, "sent", now))
        elif any(silence.covers(alert, now) for silence in silences):
            _keep_back(found, alert, row, "silenced", now)
        else:
            times = _occasions(alert, before, now)
            if times >= FLAPS and _was_told_lately(alert, before, now):
                _keep_back(found, alert, row, "held", now)
            else:
                found.fresh.append(_counted(alert, times) if times >= FLAPS else alert)
    _end(found, before, standing, silences, now)
    return found


def taken(
    alerts: Sequence[Alert], before: Mapping[str, Telling], fault: str, now: datetime
) -> list[Telling]:
    """Rows of alerts that a channel took, or did not for this fault."""
    rows = []
    for alert in alerts:
        row = before.get(alert.alert_id) or Telling(alert, "failed", now, now)
        begins_anew = row.status == "resolved"
        rows.append(
            replace(
                row,
                alert=alert,
                status="failed" if fault else "sent",
                first_at=now if begins_anew else row.first_at,
                last_at=max(now, row.last_at),
                count=row.count + 1,
                told_at=row.told_at if fault else now,
                resolved_at=None,
                acknowledged_by="",
            )
        )
    return rows


def ended(rows: Sequence[Telling], now: datetime) -> list[Telling]:
    """The rows of alerts that are over."""
    return [
        replace(row, status="resolved", resolved_at=now, last_at=max(now, row.last_at))
        for row in rows
    ]


def ending(row: Telling, now: datetime) -> Alert:
    """An alert as it is told when it is over."""
    lasted = seconds_text(max((now - row.first_at).total_seconds(), 0))
    late = "" if row.told_at else "; it could not be told while it stood"
    return replace(row.alert, body=harmless(f"was told as {row.alert.severity}, stood for {lasted}")
                   + late)  # fmt: skip


def _is_known(alert: Alert, row: Telling | None) -> bool:
    if row is None or row.status not in ("sent", "acknowledged"):
        return False
    return rank(alert.severity) <= rank(row.alert.severity)


def _came_back(alert: Alert, row: Telling, now: datetime) -> bool:
    """An anomaly that a run no longer found and the next one did: no news within a day."""
    return (
        alert.rule == "anomaly"
        and row.status == "resolved"
        and row.told_at is not None
        and now - row.told_at < FLAP_WINDOW
    )


def _keep_back(
    found: Plan, alert: Alert, row: Telling | None, status: Status, now: datetime
) -> None:
    found.kept_back += 1
    if row is None or row.status != status:
        fresh = row is None or row.status == "resolved"
        found.quiet.append(
            replace(_moved(row or Telling(alert, status, now, now), status, now), alert=alert,
                    first_at=now if fresh or row is None else row.first_at, resolved_at=None)
        )  # fmt: skip


def _moved(row: Telling, status: Status, now: datetime) -> Telling:
    return replace(row, status=status, last_at=max(now, row.last_at))


def _same_thing(alert: Alert, before: Mapping[str, Telling]) -> list[Telling]:
    """Other occasions of the same rule and subject. Each anomaly is a thing of its own."""
    if alert.rule == "anomaly" or not alert.subject:
        return []
    key = (alert.rule, alert.subject)
    return [
        row
        for row in before.values()
        if (row.alert.rule, row.alert.subject) == key and row.alert.alert_id != alert.alert_id
    ]


def _occasions(alert: Alert, before: Mapping[str, Telling], now: datetime) -> int:
    rows = _same_thing(alert, before)
    return sum(now - row.first_at < FLAP_WINDOW for row in rows)


def _was_told_lately(alert: Alert, before: Mapping[str, Telling], now: datetime) -> bool:
    told = [row.told_at for row in _same_thing(alert, before) if row.told_at]
    return any(now - at < FLAP_PAUSE for at in told)


def _counted(alert: Alert, times: int) -> Alert:
    return replace(alert, body=f"{alert.body} (it came and went {times} times within a day)")


def _end(
    found: Plan,
    before: Mapping[str, Telling],
    standing: Collection[Alert],
    silences: Sequence[Silence],
    now: datetime,
) -> None:
    ids = {alert.alert_id for alert in standing}
    subjects = {(alert.rule, alert.subject) for alert in standing}
    for row in before.values():
        alert = row.alert
        # Rows without a subject are from before ends were told.
        if not row.is_open or alert.alert_id in ids or not alert.subject:
            continue
        is_heard = row.told_at is not None or row.status == "failed"
        goes_on = alert.rule != "anomaly" and (alert.rule, alert.subject) in subjects
        is_quiet = goes_on or any(silence.covers(alert, now) for silence in silences)
        if is_heard and not is_quiet and alert.rule not in EVENTS:
            found.over.append(row)
        else:
            found.quiet += ended([row], now)


def least(alerts: Sequence[Alert], severity: Severity, rules: Collection[str]) -> list[Alert]:
    """Those of at least this severity and of these rules (none named = all)."""
    return [
        a for a in alerts if rank(a.severity) >= rank(severity) and (not rules or a.rule in rules)
    ]
