"""`meta.alerts` and `meta.alert_silences`: what was told to whom, and what people took over."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from oracul.alerts.plan import Silence, Telling
from oracul.alerts.rules import Alert, identity, rank
from oracul.errors import ConfigError
from oracul.times import utc_now
from oracul.warehouse import Client

TOLD_SQL = Path(__file__).with_name("told.sql").read_text(encoding="utf-8")
CONSOLE = "console"
_SHORTEST_ID = 4
# What ended is asked for what came and went within a day; no id comes back after so long.
_REMEMBERED = timedelta(days=30)


def tellings(client: Client, now: datetime) -> dict[str, dict[str, Telling]]:
    """Rows of `meta.alerts` that stand or ended in the last 30 days: by channel, then by id."""
    found: dict[str, dict[str, Telling]] = {}
    rows = client.query(
        TOLD_SQL, parameters={"ended_after": now - _REMEMBERED}, tz_mode="aware"
    ).result_rows
    for row in rows:
        channel, alert_id, rule, severity, title, body, subject, status, *rest = row
        alert = Alert(alert_id, rule, severity, title, body, subject)
        first_at, last_at, count, told_at, resolved_at, by = rest
        found.setdefault(channel, {})[alert_id] = Telling(
            alert, status, first_at, last_at, count, told_at, resolved_at, by
        )
    return found


def write(client: Client, channel: str, rows: Sequence[Telling]) -> None:
    """Write down what became of alerts on a channel."""
    if not rows:
        return
    client.insert(
        "meta.alerts",
        [
            [r.alert.alert_id, r.alert.rule, r.alert.severity, r.alert.title, r.alert.body,
             r.alert.subject, channel, r.status, r.first_at, r.last_at, r.count, r.told_at,
             r.resolved_at, r.acknowledged_by]
            for r in rows
        ],
        column_names=[
            "alert_id", "rule", "severity", "title", "body", "subject", "channel", "status",
            "first_at", "last_at", "count", "told_at", "resolved_at", "acknowledged_by",
        ],
    )  # fmt: skip


def standing(client: Client) -> dict[str, dict[str, Telling]]:
    """What stands, newest first: by alert id, then by channel."""
    found: dict[str, dict[str, Telling]] = {}
    for channel, rows in tellings(client, utc_now()).items():
        for alert_id, row in rows.items():
            if row.is_open and row.alert.subject:
                found.setdefault(alert_id, {})[channel] = row
    return dict(sorted(found.items(), key=lambda item: _newest_and_worst(item[1]), reverse=True))


def acknowledge(client: Client, prefixes: Iterable[str], by: str, now: datetime) -> list[Alert]:
    """Note who takes these alerts over, on every channel: none is tried or repeated there.

    Ids may be cut as long as they name one alert. Raises ConfigError for one that does not.
    """
    stands = standing(client)
    chosen = [_only(prefix, list(stands)) for prefix in prefixes]
    rows: dict[str, list[Telling]] = {}
    for alert_id in chosen:
        for channel, row in stands[alert_id].items():
            taken_over = replace(
                row, status="acknowledged", acknowledged_by=by, last_at=max(now, row.last_at)
            )
            rows.setdefault(channel, []).append(taken_over)
    for channel, taken_over_there in rows.items():
        write(client, channel, taken_over_there)
    return [next(iter(stands[alert_id].values())).alert for alert_id in chosen]


def silences(client: Client) -> list[Silence]:
    """Every silence, also those that ended."""
    rows = client.query(
        "select silence_id, rule, subject, until from meta.alert_silences final"
        " order by until desc, silence_id",
        tz_mode="aware",
    ).result_rows
    return [Silence(*row) for row in rows]


def silence(
    client: Client, *, rule: str, subject: str, until: datetime, reason: str, by: str, now: datetime
) -> str:
    """Keep a rule, a pattern of subjects or both quiet until then; returns the silence's id."""
    silence_id = identity(rule, subject, until.isoformat(), now.isoformat())[:12]
    _write_silence(client, [silence_id, rule, subject, reason, by, now, until], now)
    return silence_id


def unsilence(client: Client, prefix: str, now: datetime) -> str:
    """End a silence now; returns its id. Raises ConfigError when none, or several, are meant."""
    running = [s.silence_id for s in silences(client) if s.until > now]
    silence_id = _only(prefix, running)
    row = client.query(
        "select silence_id, rule, subject, reason, made_by, made_at"
        " from meta.alert_silences final where silence_id = {id:String}",
        parameters={"id": silence_id},
        tz_mode="aware",
    ).result_rows[0]
    _write_silence(client, [*row, now], now)
    return silence_id


def _write_silence(client: Client, row: list[object], now: datetime) -> None:
    client.insert(
        "meta.alert_silences",
        [[*row, int(now.timestamp() * 1_000_000)]],
        column_names=[
            "silence_id", "rule", "subject", "reason", "made_by", "made_at", "until", "version",
        ],
    )  # fmt: skip


def _newest_and_worst(rows: dict[str, Telling]) -> tuple[datetime, int]:
    first_at = min(row.first_at for row in rows.values())
    return first_at, max(rank(row.alert.severity) for row in rows.values())


def _only(prefix: str, ids: Sequence[str]) -> str:
    meant = [one for one in ids if one.startswith(prefix)]
    if len(prefix) < _SHORTEST_ID or not meant:
        raise ConfigError(
            f"Nothing that stands has an id that begins with {prefix!r}."
            if len(prefix) >= _SHORTEST_ID
            else f"{prefix!r} is too short for an id: write at least {_SHORTEST_ID} characters.",
            hint="`oracul alerts list` shows the ids.",
        )
    if len(meant) > 1:
        raise ConfigError(f"{len(meant)} ids begin with {prefix!r}.", hint="Write more of it.")
    return meant[0]
