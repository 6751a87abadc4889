"""Sending messages: a JSON POST to the operator's webhook. Failures are returned, never raised."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import httpx

from oracul.alerts.messages import OVER, Message
from oracul.errors import BadReply, SourceError, SourceUnavailable
from oracul.http import RetryPolicy, open_client, retry, status_error

SOURCE = "the webhook"
# Alerts are the last step of a run: nobody waits long for a chat service.
POLICY = RetryPolicy(deadline_seconds=20)
TIMEOUT_SECONDS = 10
# Alerts that one request carries in full; its text counts the rest.
CARRIED = 100


def payload(message: Message, *, run_id: str, now: datetime) -> dict[str, Any]:
    """The body of one POST. `text` is what chat services show; the rest is for programs."""
    return {
        "source": "oracul",
        "run_id": run_id,
        "sent_at": now.isoformat(),
        "rule": message.rule,
        "severity": message.severity,
        "title": message.title,
        "text": message.text,
        "runbook": message.runbook,
        "is_over": message.rule == OVER,
        "alerts": [
            {
                "alert_id": alert.alert_id,
                "rule": alert.rule,
                "severity": alert.severity,
                "subject": alert.subject,
                "title": alert.title,
                "body": alert.body,
            }
            for alert in message.alerts[:CARRIED]
        ],
        "alerts_count": len(message.alerts),
    }


async def post_all(
    url: str,
    messages: Sequence[Message],
    *,
    run_id: str,
    now: datetime,
    allows_private: bool = False,
    policy: RetryPolicy = POLICY,
) -> list[str]:
    """POST each message; the fault of each in order, empty where it was taken.

    Redirects are not followed. `allows_private`: the webhook may be on this machine or in a private
    network; a cloud's metadata service it may never be.

    Once the webhook cannot be reached, the messages left are not tried. The URL, which is a secret,
    is in no fault.
    """
    faults: list[str] = []
    hint = "Set ORACUL_ALERTS__ALLOW_PRIVATE_WEBHOOK=true if it is meant to be there."
    guarded = open_client(TIMEOUT_SECONDS, allows_private=allows_private, what=SOURCE, hint=hint)
    async with guarded as client:
        for message in messages:
            if faults and faults[-1].startswith(_UNREACHED):
                faults.append(faults[-1])
                continue
            body = payload(message, run_id=run_id, now=now)
            try:
                await retry(partial(_post, client, url, body), policy, source=SOURCE)
                faults.append("")
            except BadReply as error:
                faults.append(str(error))
            except SourceError as error:
                faults.append(f"{_UNREACHED}: {error.message}")
    return faults


_UNREACHED = "not delivered"


async def _post(client: httpx.AsyncClient, url: str, body: dict[str, Any]) -> None:
    try:
        reply = await client.post(url, json=body)
    except (httpx.InvalidURL, UnicodeError):
        raise BadReply(
            f"The address of {SOURCE} is not a URL.", hint="Check ORACUL_ALERTS__WEBHOOK_URL."
        ) from None
    except httpx.HTTPError as error:
        raise SourceUnavailable(f"{SOURCE} cannot be reached ({type(error).__name__}).") from None
    failure = status_error(
        SOURCE,
        reply.status_code,
        retry_after=reply.headers.get("retry-after"),
        now=datetime.now(UTC),
    )
    if failure is not None:
        raise failure
