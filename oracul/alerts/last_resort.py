"""Telling people when the warehouse, which remembers what was told, cannot be asked or written."""

from datetime import datetime, timedelta
from pathlib import Path

from oracul.alerts.channels import channels_of, send_to_each
from oracul.alerts.messages import Message
from oracul.alerts.text import harmless
from oracul.folders import make_private
from oracul.log import get_logger
from oracul.settings import Settings
from oracul.warehouse.embedded.files import write_private

# The scheduled telling comes every ten minutes.
PAUSE = timedelta(hours=1)
_TOLD_AT = "told-without-ledger"


def tell_without_ledger(settings: Settings, why: str, *, run_id: str, now: datetime) -> str:
    """Send one critical message to every channel for steps that failed; returns the faults, joined.

    Told again at most once an hour until the warehouse is back: a file of the home remembers when
    it was last. One that cannot be read or written keeps nothing back.
    """
    where, note = settings.alerts, settings.home / _TOLD_AT
    if _was_told_lately(note, now):
        return ""
    title = "The warehouse does not take part: nothing can be recorded"
    message = Message(
        "step_failed", "critical", title, (harmless(why),), (), runbooks=where.runbook_base
    )
    channels = [c for c in channels_of(where) if not c.rules or message.rule in c.rules]
    told = send_to_each(
        [(channel, [message]) for channel in channels],
        run_id=run_id,
        now=now,
        allows_private=where.allow_private_webhook,
    )
    faults = [fault for channel in told for fault in channel if fault]
    if channels:
        get_logger().warning(
            "told_without_ledger", run_id=run_id, channels=len(channels), faults=len(faults)
        )
    if len(faults) < len(channels):
        _remember(note, now)
    return "; ".join(faults)


def _was_told_lately(note: Path, now: datetime) -> bool:
    try:
        since = now - datetime.fromisoformat(note.read_text(encoding="utf-8").strip())
    # TypeError: an instant without a time zone.
    except (OSError, ValueError, TypeError):
        return False
    # A clock that was set back must not keep it quiet for longer.
    return timedelta() <= since < PAUSE


def _remember(note: Path, now: datetime) -> None:
    try:
        make_private(note.parent)
        write_private(note, f"{now.isoformat()}\n")
    except OSError as error:
        get_logger().warning("telling_not_remembered", because=error.strerror)
