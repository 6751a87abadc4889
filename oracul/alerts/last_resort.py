"""Telling people when the warehouse, which remembers what was told, cannot be asked or written."""

import asyncio
from datetime import datetime

from oracul.alerts.deliver import post_all
from oracul.alerts.messages import Message
from oracul.alerts.text import harmless
from oracul.log import get_logger
from oracul.settings import Settings


def tell_without_ledger(settings: Settings, why: str, *, run_id: str, now: datetime) -> str:
    """Post one critical message to the webhook, if there is one; returns its fault, or nothing.

    Nothing remembers that it was told, so each run tells it again until the warehouse is back.
    """
    url = settings.alerts.webhook_url
    if url is None or not url.get_secret_value():
        return ""
    title = "The warehouse does not take part: nothing can be recorded"
    message = Message("step_failed", "critical", title, (harmless(why),), ())
    posting = post_all(
        url.get_secret_value(),
        [message],
        run_id=run_id,
        now=now,
        allows_private=settings.alerts.allow_private_webhook,
    )
    fault = asyncio.run(posting)[0]
    get_logger().warning("told_without_ledger", run_id=run_id, delivered=not fault)
    return fault
