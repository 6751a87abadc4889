"""The one place of retries: when to ask again, how long to wait, and a small JSON client.

The policy is pure (clock and randomness come in), so that the JSON-RPC pool of the chain extractor
follows the same rules with its own transport. Errors name the source, never its address or key.
"""

import asyncio
import logging
import random
import re
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, TypeVar

import httpx
import msgspec

from oracul.errors import BadReply, RateLimited, SourceError, SourceUnavailable
from oracul.reach import DIRECT, guard_of_requests
from oracul.redact import without_secrets
from oracul.traffic import Traffic

RETRIED_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})
DEEPEST_JSON = 200
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.S)
# A day's prices of many assets are some 100 kB; the rest is for addresses that send anything else.
LONGEST_REPLY_MB = 32
_BODY_SHOWN = 200
_NO_CONNECTION = (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol)

Result = TypeVar("Result")


@dataclass(frozen=True)
class RetryPolicy:
    """Exponential back-off with full jitter inside a total deadline.

    The n-th wait is drawn from (0.5..1) of `first_wait_seconds * factor**n`, at most
    `longest_wait_seconds`; a source's own `Retry-After` counts as the least wait. No wait is begun
    that would end after `deadline_seconds`.
    """

    deadline_seconds: float = 120.0
    first_wait_seconds: float = 0.25
    factor: float = 2.0
    longest_wait_seconds: float = 30.0


def wait_seconds(
    policy: RetryPolicy,
    attempt: int,
    elapsed_seconds: float,
    *,
    jitter: float,
    retry_after_seconds: float | None = None,
) -> float | None:
    """How long to wait before try number `attempt + 1` (the first failure is attempt 1).

    `jitter` is uniform in [0, 1). None means: give up, the wait would end after the deadline.
    """
    exponent = min(max(attempt - 1, 0), 64)
    backoff = min(
        policy.first_wait_seconds * policy.factor**exponent, policy.longest_wait_seconds
    ) * (0.5 + jitter / 2)
    wait = backoff if retry_after_seconds is None else max(backoff, retry_after_seconds)
    return wait if elapsed_seconds + wait < policy.deadline_seconds else None


def is_retried(error: BaseException) -> bool:
    """True for failures that another try may heal: rate limits and unreachable sources."""
    return isinstance(error, RateLimited | SourceUnavailable)


def retry_after_seconds(header: str | None, now: datetime) -> float | None:
    """Seconds a `Retry-After` header asks for: a number or an HTTP date; None if unreadable."""
    if header is None:
        return None
    text = header.strip()
    if text.replace(".", "", 1).isdigit():
        return float(text)
    try:
        instant = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    return max(0.0, (instant - now).total_seconds())


def status_error(
    source: str, status: int, *, retry_after: str | None, now: datetime, body: str = ""
) -> SourceError | None:
    """The error that an HTTP status stands for; None for success (2xx).

    429 and 503 with `Retry-After` → RateLimited; other retried statuses → SourceUnavailable; the
    rest → BadReply, since asking the same again would not help.
    """
    if 200 <= status < 300:
        return None
    wait = retry_after_seconds(retry_after, now)
    what = f"{source} answered HTTP {status} ({_phrase(status)})"
    if status == HTTPStatus.TOO_MANY_REQUESTS or (
        status == HTTPStatus.SERVICE_UNAVAILABLE and wait is not None
    ):
        asked = f" and asks to wait {wait:.0f} s" if wait is not None else ""
        return RateLimited(
            f"{what}{asked}.",
            hint="Wait, lower the concurrency, or use a source with a larger allowance.",
            retry_after_seconds=wait,
        )
    if status in RETRIED_STATUSES:
        return SourceUnavailable(f"{what}.", hint="It may recover; try again later.")
    hint = "Check the key and the address in the settings." if status in (401, 403, 404) else ""
    shown = " ".join(body.split())[:_BODY_SHOWN]
    return BadReply(f"{what}: {shown}" if shown else f"{what}.", hint=hint)


async def retry(
    call: Callable[[], Awaitable[Result]],
    policy: RetryPolicy,
    *,
    source: str,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    jitter: Callable[[], float] = random.random,
) -> Result:
    """Await `call()` until it succeeds, fails for good, or the deadline is near.

    Only RateLimited and SourceUnavailable are tried again; everything else passes through. At the
    deadline the last of them is raised again, saying how often and how long it was tried. The
    deadline holds for a call in hand too.
    """
    start = clock()
    attempt = 0
    while True:
        attempt += 1
        remaining = policy.deadline_seconds - (clock() - start)
        try:
            return await asyncio.wait_for(call(), timeout=max(remaining, 0.001))
        except (RateLimited, SourceUnavailable) as error:
            asked = error.retry_after_seconds if isinstance(error, RateLimited) else None
            wait = wait_seconds(
                policy, attempt, clock() - start, jitter=jitter(), retry_after_seconds=asked
            )
            if wait is None:
                tried = f"Tried {attempt} times in {clock() - start:.0f} s."
                error.hint = f"{tried} {error.hint}".strip()
                raise
        except TimeoutError:
            raise SourceUnavailable(
                f"{source} gave no answer within {policy.deadline_seconds:.0f} s.",
                hint="Check that it can be reached from here, or raise its deadline.",
            ) from None
        await sleep(wait)


def open_client(
    timeout_seconds: float = 30.0,
    *,
    allows_private: bool = True,
    what: str = "The address",
    hint: str = "Check it in the settings.",
) -> httpx.AsyncClient:
    """A client that honours the environment's proxy, but reaches this machine itself directly.

    It follows no redirect, and goes nowhere that `oracul.reach` refuses: a request there raises
    BadReply, which calls the address `what` and ends with `hint`.
    """
    direct = {f"all://{f'[{host}]' if ':' in host else host}": None for host in DIRECT}
    guard = guard_of_requests(allows_private=allows_private, what=what, hint=hint)
    return httpx.AsyncClient(
        timeout=timeout_seconds,
        mounts=direct,
        follow_redirects=False,
        event_hooks={"request": [guard]},
    )


def _host_alone(record: logging.LogRecord) -> bool:
    """httpx tells at level INFO which addresses it asked, keys and all: leave their hosts."""
    if isinstance(record.args, tuple):
        record.args = tuple(a.host if isinstance(a, httpx.URL) else a for a in record.args)
    return True


# Whoever raises the level of all logs (Prefect does, on wish) shall not read keys in them.
logging.getLogger("httpx").addFilter(_host_alone)


async def fetch_json(
    client: httpx.AsyncClient,
    url: str,
    *,
    params: Mapping[str, str | int | float | bool | None] | None = None,
    headers: Mapping[str, str] | None = None,
    deadline_seconds: float,
    source: str,
    policy: RetryPolicy | None = None,
    traffic: Traffic | None = None,
) -> Any:
    """GET `url` and return its JSON. Numbers keep Python's types (int, float).

    `source` is the name used in errors; the address, which may carry a key, is never in them.
    Every try is counted in `traffic`; a 404 is an answer.
    Raises RateLimited, SourceUnavailable (both after retries until `deadline_seconds`), BadReply,
    also for a reply longer than LONGEST_REPLY_MB, of which no more than that is read.
    """
    rules = policy or RetryPolicy(deadline_seconds=deadline_seconds)
    counts = traffic if traffic is not None else Traffic()

    async def once() -> Any:
        with _counted(counts) as answered:
            return await asked(answered)

    async def asked(answered: Callable[[httpx.Response], None]) -> Any:
        try:
            async with client.stream("GET", url, params=params, headers=headers) as reply:
                try:
                    body = await _read(reply, source)
                finally:
                    answered(reply)
        except (httpx.InvalidURL, UnicodeError):
            raise BadReply(
                f"The address or key of {source} cannot be sent: it is not a URL, or not ASCII.",
                hint="Check its base_url and api_key settings.",
            ) from None
        except httpx.HTTPError as error:
            raise SourceUnavailable(
                f"{source} cannot be reached ({type(error).__name__}).",
                hint="Check the network and the source's base_url setting.",
            ) from None
        return _json_of(reply, body, source, shown=_redacted(body, url, params, headers))

    return await retry(once, rules, source=source)


@contextmanager
def _counted(counts: Traffic) -> Iterator[Callable[[httpx.Response], None]]:
    """Count one try: it went out unless there was no connection, and failed unless it returns.

    What is refused before any answer is an address or key that cannot be sent.
    """
    status = 0

    def answered(reply: httpx.Response) -> None:
        nonlocal status
        status = reply.status_code
        counts.received_bytes += reply.num_bytes_downloaded

    counts.requests += 1
    counts.calls += 1
    try:
        yield answered
    except BaseException as error:
        counts.failures += status != HTTPStatus.NOT_FOUND
        is_refused = isinstance(error, BadReply) and not status
        if is_refused or isinstance(error.__context__, _NO_CONNECTION):
            counts.requests -= 1
            counts.calls -= 1
        raise


def _json_of(reply: httpx.Response, body: bytes, source: str, *, shown: str) -> Any:
    """The JSON of a success; raises what the status stands for. `shown` may get into errors."""
    failure = status_error(
        source,
        reply.status_code,
        retry_after=reply.headers.get("retry-after"),
        now=datetime.now(UTC),
        body=shown,
    )
    if failure is not None:
        raise failure
    try:
        if json_depth(body) > DEEPEST_JSON:
            raise RecursionError
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        shown = " ".join(shown.split())[:_BODY_SHOWN]
        raise BadReply(f"{source} answered with something that is not JSON: {shown!r}.") from None


def json_depth(body: bytes) -> int:
    """Levels of brackets outside strings, at most.

    A decoder recurses, and a library that raised Python's recursion limit takes its guard away.
    """
    import numpy as np

    bare = np.frombuffer(_STRING.sub(b"", body), np.uint8)
    steps = np.isin(bare, list(b"[{")).astype(np.int32) - np.isin(bare, list(b"]}"))
    return int(np.cumsum(steps).max(initial=0))


async def _read(reply: httpx.Response, source: str) -> bytes:
    body = bytearray()
    async for chunk in reply.aiter_bytes():
        body += chunk
        if len(body) > LONGEST_REPLY_MB * 2**20:
            raise BadReply(
                f"{source} sent a reply of more than {LONGEST_REPLY_MB} MB.",
                hint="Check its base_url setting: it may be the address of something else.",
            )
    return bytes(body)


def _redacted(
    body: bytes,
    url: str,
    params: Mapping[str, Any] | None,
    headers: Mapping[str, str] | None,
) -> str:
    """The beginning of a body without what it may echo of ours: address, key, parameters."""
    text = body[: 4 * _BODY_SHOWN].decode(errors="replace").replace(url, "…")
    for value in [*(params or {}).values(), *(headers or {}).values()]:
        if len(str(value)) >= 8:
            text = text.replace(str(value), "…")
    return without_secrets(text)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "no standard status"
