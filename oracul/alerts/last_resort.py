"""Telling people when the warehouse, which remembers what was told, cannot be asked or written."""

from datetime import datetime

from oracul.alerts.channels import channels_of, send_to_each
from oracul.alerts.messages import Message
from oracul.alerts.text import harmless
from oracul.log import get_logger
from oracul.settings import Settings


def tell_without_ledger(settings: Settings, why: str, *, run_id: str, now: datetime) -> str:
    """Send one critical message to every channel for steps that failed; returns the faults, joined.

    Nothing remembers that it was told, so each run tells it again until the warehouse is back.
    """
    where = settings.alerts
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
    return "; ".join(faults)
