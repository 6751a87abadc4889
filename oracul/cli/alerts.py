"""`oracul alerts …`: what stands, who takes it over, what is kept quiet, whether channels work."""

import json as json_module
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from oracul.alerts.plan import Telling
    from oracul.warehouse import Client

app = typer.Typer(
    no_args_is_help=True,
    help="Alerts that stand: list, acknowledge, silence them, test the channels. "
    "`oracul alert` is the step that tells people.",
)
ID_SHOWN = 8
OLD_NEWS = timedelta(days=7)
_DURATION = re.compile(r"(\d+)(m|h|d)")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


@app.command("list")
def list_alerts(
    everything: Annotated[
        bool, typer.Option("--all", help="Also anomalies that were told over a week ago.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show the alerts that stand, the newest first, what each channel knows, and the silences."""
    from oracul.alerts.ledger import silences, standing
    from oracul.times import utc_now

    client, now = _client(), utc_now()
    stands = {
        alert_id: rows
        for alert_id, rows in standing(client).items()
        if everything or not _is_old_news(rows, now)
    }
    quiet = [silence for silence in silences(client) if silence.until > now]
    if json:
        facts = {
            "alerts": [_facts(alert_id, rows) for alert_id, rows in stands.items()],
            "silences": [silence._asdict() for silence in quiet],
        }
        typer.echo(json_module.dumps(facts, default=str, indent=2))
        return
    _show(stands)
    from oracul.cli.console import out, plain

    for silence in quiet:
        what = ", ".join(part for part in (silence.rule, silence.subject) if part)
        out.print(
            f"Silenced until {silence.until:%Y-%m-%d %H:%M} UTC: {plain(what)}"
            f" ({silence.silence_id[:ID_SHOWN]})"
        )


@app.command()
def ack(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID…]", help="Ids, or how they begin.")
    ] = None,
    rule: Annotated[str, typer.Option("--rule", help="All that stand of this rule.")] = "",
    by: Annotated[
        str | None, typer.Option("--by", help="Who takes them over. Default: you, by login.")
    ] = None,
) -> None:
    """Take alerts over: they are not tried again on channels that did not take them."""
    from oracul.alerts.ledger import acknowledge, standing
    from oracul.cli.console import out, plain
    from oracul.errors import ConfigError
    from oracul.times import utc_now

    client, chosen = _client(), list(ids or ())
    if rule:
        stands = standing(client).items()
        chosen += [i for i, rows in stands if next(iter(rows.values())).alert.rule == _known(rule)]
    if not chosen:
        raise ConfigError("Nothing to acknowledge.", hint="`oracul alerts list` shows the ids.")
    for alert in acknowledge(client, chosen, by or _login(), utc_now()):
        out.print(f"Acknowledged: {plain(alert.title)} ({alert.alert_id[:ID_SHOWN]})")


@app.command()
def silence(
    lasting: Annotated[
        str, typer.Option("--for", metavar="TIME", help="How long: `30m`, `4h` or `2d`.")
    ],
    rule: Annotated[str, typer.Option("--rule", help="Rule, as in `lag`. Default: all.")] = "",
    subject: Annotated[
        str,
        typer.Option("--subject", help="Subject, as in `token/ethereum/*`. Default: all."),
    ] = "",
    reason: Annotated[str, typer.Option("--reason", help="Why, for those who wonder.")] = "",
) -> None:
    """Keep a rule, or what alerts are about, quiet for a while. What stands after it is told."""
    from oracul.alerts.ledger import silence as keep_quiet
    from oracul.cli.console import out
    from oracul.errors import ConfigError
    from oracul.times import utc_now

    if not rule and not subject:
        raise ConfigError("Say what to silence: --rule, --subject or both.")
    now = utc_now()
    until = now + _duration(lasting)
    silence_id = keep_quiet(
        _client(),
        rule=rule and _known(rule),
        subject=subject,
        until=until,
        reason=reason,
        by=_login(),
        now=now,
    )
    out.print(
        f"Silenced until {until:%Y-%m-%d %H:%M} UTC."
        f" `oracul alerts unsilence {silence_id[:ID_SHOWN]}` ends it."
    )


@app.command()
def unsilence(
    silence_id: Annotated[str, typer.Argument(metavar="ID", help="Id, or how it begins.")],
) -> None:
    """End a silence now."""
    from oracul.alerts.ledger import unsilence as end
    from oracul.cli.console import out
    from oracul.times import utc_now

    out.print(f"Ended silence {end(_client(), silence_id, utc_now())[:ID_SHOWN]}.")


@app.command()
def test() -> None:
    """Send one message to every channel and say which took it; exit code 1 when one did not.

    Needs no warehouse and writes nothing down.
    """
    from oracul.alerts.channels import channels_of
    from oracul.alerts.trial import try_channels
    from oracul.cli.console import MARKS, out, plain, settings
    from oracul.errors import ConfigError
    from oracul.times import utc_now
    from oracul.warehouse import new_run_id

    where = settings().alerts
    if not channels_of(where):
        raise ConfigError(
            "No channel is set.",
            hint="Set ORACUL_ALERTS__WEBHOOK_URL or ORACUL_ALERTS__CHANNELS__OPS__URL"
            " (docs/how-to/alerts.md).",
        )
    faults = try_channels(where, run_id=new_run_id(), now=utc_now())
    for name, fault in faults.items():
        out.print(f"{MARKS['failed' if fault else 'done']} {name}: {plain(fault) or 'took it'}")
    if any(faults.values()):
        raise typer.Exit(1)


def _client() -> "Client":
    from oracul.cli.console import settings
    from oracul.warehouse import connect, migrate

    client = connect(settings())
    migrate(client)
    return client


def _known(rule: str) -> str:
    from oracul.alerts.rules import RULES
    from oracul.errors import ConfigError

    if rule not in RULES:
        raise ConfigError(f"There is no rule {rule!r}.", hint=f"Rules: {', '.join(RULES)}.")
    return rule


def _is_old_news(rows: "dict[str, Telling]", now: datetime) -> bool:
    """An anomaly stands for good, since it happened; nobody looks at it for ever."""
    is_anomaly = next(iter(rows.values())).alert.rule == "anomaly"
    return is_anomaly and now - _first_at(rows) > OLD_NEWS


def _login() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in containers
        return "somebody"


def _duration(text: str) -> timedelta:
    from oracul.errors import ConfigError

    found = _DURATION.fullmatch(text.strip())
    if found is None or not int(found[1]):
        raise ConfigError(f"{text!r} is not a duration.", hint="Write 30m, 4h or 2d.")
    try:
        return int(found[1]) * _UNITS[found[2]]
    except OverflowError:
        raise ConfigError(f"{text!r} is too long.") from None


def _facts(alert_id: str, rows: "dict[str, Telling]") -> dict[str, Any]:
    row = next(iter(rows.values()))
    return {
        "alert_id": alert_id,
        "rule": row.alert.rule,
        "severity": row.alert.severity,
        "subject": row.alert.subject,
        "title": row.alert.title,
        "body": row.alert.body,
        "first_at": _first_at(rows),
        "acknowledged_by": row.acknowledged_by,
        "channels": {channel: row.status for channel, row in sorted(rows.items())},
    }


def _first_at(rows: "dict[str, Telling]") -> datetime:
    return min(row.first_at for row in rows.values())


def _show(stands: "dict[str, dict[str, Telling]]") -> None:
    from rich.table import Table

    from oracul.cli.console import ALERT_STYLES, out, plain

    if not stands:
        out.print("Nothing stands.")
        return
    table = Table(header_style="bold")
    for name in ("Id", "Since (UTC)", "Severity", "Rule", "What", "Channels"):
        table.add_column(name, overflow="fold")
    for alert_id, rows in stands.items():
        alert = next(iter(rows.values())).alert
        known = ", ".join(f"{channel} {row.status}" for channel, row in sorted(rows.items()))
        style = ALERT_STYLES.get(alert.severity, "")
        table.add_row(
            alert_id[:ID_SHOWN],
            f"{_first_at(rows):%Y-%m-%d %H:%M}",
            f"[{style}]{alert.severity}[/]",
            alert.rule,
            plain(alert.body if alert.rule == "anomaly" else alert.title),
            known,
        )
    out.print(table)
