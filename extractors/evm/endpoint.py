"""One JSON-RPC endpoint: its name, how hard it may be pulled, and one HTTP request to it.

The address is a secret (keys live in it): only `name`, the host, is ever shown or stored.
"""

import asyncio
import math
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import msgspec
from pydantic import SecretStr

from extractors.evm.structs import AnyReply
from oracul.errors import BadReply, ConfigError, RateLimited, SourceError, SourceUnavailable
from oracul.http import DEEPEST_JSON, json_depth, status_error
from oracul.reach import refusal_of_host
from oracul.redact import without_secrets
from oracul.traffic import Traffic

# How an endpoint is pulled before anything is known of it.
FIRST_WINDOW = 4
FIRST_BATCH_BLOCKS = 5
_REFUSED_AFTER_PROOFS = 3
# A node behind a balancer with one bad machine is worth keeping: each block it gives provably makes
# up for this share of a disproven one.
_REDEEMED_A_BLOCK = 0.25
_GROWTH = 1.0
_SHRINK = 0.5
# What nodes and providers answer, inside a 200, to say "too many requests" or "too much at once".
_LIMIT_CODES = frozenset({-32005, -32029, -32097, 429})
_BODY_SHOWN = 160
# Ten blocks of the largest size are some 100 MB of JSON.
LONGEST_REPLY_MB = 512
_TURN_STEP_SECONDS = 0.5
_SAFE_RECURSION = 5_000
# Once in each call of a batch that `batch_body` wrote: inside a string its quotes are escaped.
_A_CALL = b'"jsonrpc":'


@dataclass
class Endpoint:
    """An endpoint and what was learned of it in this run."""

    name: str
    url: SecretStr
    max_concurrency: int
    max_batch_blocks: int
    window: float = 2.0
    batch_blocks: int = 4
    in_flight: int = 0
    not_before: float = 0.0
    failures: int = 0
    proof_failures: int = 0
    distrust: float = 0.0
    has_block_receipts: bool = True
    is_syncing: bool = False
    set_aside: str = ""
    traffic: Traffic = field(default_factory=Traffic)

    @property
    def is_usable(self) -> bool:
        """False once it was set aside for the rest of the run."""
        return not self.set_aside

    def succeeded(self) -> None:
        """Pull a little harder: one more request in flight each round, one more block a batch."""
        self.failures = 0
        self.window = min(self.window + _GROWTH / self.window, self.max_concurrency)
        self.batch_blocks = min(self.batch_blocks + 1, self.max_batch_blocks)

    def slowed(self, wait_seconds: float, *, smaller_batch: bool = False) -> None:
        """Halve what is in flight, and wait before the next request.

        Requests that were under way when one failed belong to the same failure. Batches get
        smaller when that did not help: a batch that is too large fails each time.
        """
        now = time.monotonic()
        if now >= self.not_before:
            self.failures += 1
            self.window = max(1.0, self.window * _SHRINK)
            if smaller_batch and self.failures > 1:
                self.batch_blocks = max(1, self.batch_blocks // 2)
        self.not_before = max(self.not_before, now + wait_seconds)

    async def turn(self, patience_seconds: float) -> None:
        """Wait until it may be asked again: nothing is sent before.

        Raises RateLimited when that is later than `patience_seconds` from now, SourceUnavailable
        when it is set aside meanwhile.
        """
        while (left := self.not_before - time.monotonic()) > 0:
            if not self.is_usable:
                raise SourceUnavailable(f"{self.name} was set aside: {self.set_aside}")
            if left > patience_seconds:
                raise RateLimited(
                    f"{self.name} is not to be asked for another {left:.0f} s.",
                    retry_after_seconds=left,
                )
            await asyncio.sleep(min(left, _TURN_STEP_SECONDS))

    def gave_proven(self, blocks: int) -> None:
        """Count blocks that were proven: they redeem an answer that was not."""
        self.distrust = max(0.0, self.distrust - blocks * _REDEEMED_A_BLOCK)

    def failed_proof(self, *, is_needed: bool = False) -> None:
        """Count a disproven answer; after a few the endpoint is set aside for this run, unless it
        `is_needed`: what it gives is proven block by block in any case.
        """
        self.proof_failures += 1
        self.distrust += 1
        if self.distrust >= _REFUSED_AFTER_PROOFS and self.is_usable and not is_needed:
            self.set_aside = f"{self.proof_failures} of its answers were disproven"


def make_endpoints(
    urls: Sequence[SecretStr], *, max_concurrency: int, max_batch_blocks: int
) -> list[Endpoint]:
    """Endpoints named by host (and port where it is not the usual one); equal names get numbers.

    Raises ConfigError for an address that is not http(s) or may not be asked (see `oracul.reach`),
    without showing it.
    """
    endpoints: list[Endpoint] = []
    taken: dict[str, int] = {}
    for position, url in enumerate(urls, start=1):
        name = _name_of(url.get_secret_value(), position)
        taken[name] = taken.get(name, 0) + 1
        if taken[name] > 1:
            name = f"{name}#{taken[name]}"
        endpoints.append(
            Endpoint(
                name,
                url,
                max_concurrency,
                max_batch_blocks,
                window=float(min(FIRST_WINDOW, max_concurrency)),
                batch_blocks=min(FIRST_BATCH_BLOCKS, max_batch_blocks),
            )
        )
    return endpoints


def _name_of(url: str, position: int) -> str:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    # With a / ? or # in its password an address falls apart, and a piece of it would be the host.
    is_torn = "@" in url and "@" not in url.partition("://")[2].partition("/")[0]
    if not host or parts.scheme not in ("http", "https") or is_torn:
        raise ConfigError(
            f"RPC URL number {position} is not an http(s) address.",
            hint="Write it like https://host/path; several are separated by commas. In a password "
            "write / ? # @ as %2F %3F %23 %40.",
        )
    why = refusal_of_host(host, allows_private=True)
    if why:
        raise ConfigError(
            f"RPC URL number {position} {why}: it is never asked.", hint="Set another address."
        )
    return host if port is None else f"{host}:{port}"


def batch_body(calls: Sequence[tuple[str, list[Any]]], first_id: int = 0) -> bytes:
    """A JSON-RPC batch; ids count from `first_id`."""
    return msgspec.json.encode(
        [
            {"jsonrpc": "2.0", "id": first_id + i, "method": method, "params": params}
            for i, (method, params) in enumerate(calls)
        ]
    )


async def post(
    session: aiohttp.ClientSession,
    endpoint: Endpoint,
    body: bytes,
    timeout_seconds: float,
    *,
    patience_seconds: float = math.inf,
) -> bytes:
    """One HTTP request in the endpoint's turn; returns the body of a batch reply, its elements
    unread. What the endpoint asks to wait holds for every request after it.

    Raises RateLimited, SourceUnavailable or BadReply, naming the endpoint and nothing secret.
    """
    await endpoint.turn(patience_seconds)
    calls, traffic = body.count(_A_CALL), endpoint.traffic
    traffic.requests += 1
    traffic.calls += calls
    try:
        return await _asked(session, endpoint, body, timeout_seconds)
    except SourceError as error:
        traffic.failures += 1
        if isinstance(error, NotSent):
            traffic.requests -= 1
            traffic.calls -= calls
        raise


class NotSent(SourceUnavailable):
    """There was no connection, so nothing was sent."""


async def _asked(
    session: aiohttp.ClientSession, endpoint: Endpoint, body: bytes, timeout_seconds: float
) -> bytes:
    try:
        async with session.post(
            endpoint.url.get_secret_value(),
            data=body,
            headers={"content-type": "application/json"},
            timeout=aiohttp.ClientTimeout(total=timeout_seconds),
            allow_redirects=False,
        ) as reply:
            try:
                content = await _read(reply, endpoint)
            finally:
                # aiohttp's stream of an empty body has no count of raw bytes.
                if reply.content.total_bytes:
                    endpoint.traffic.received_bytes += reply.content.total_raw_bytes
            status, retry_after = reply.status, reply.headers.get("retry-after")
    except TimeoutError:
        raise SourceUnavailable(
            f"{endpoint.name} gave no answer within {timeout_seconds:.0f} s.", hint=_UNREACHABLE
        ) from None
    except (aiohttp.ClientPayloadError, aiohttp.ServerDisconnectedError):
        raise SourceUnavailable(f"{endpoint.name} cut its answer off.", hint=_UNREACHABLE) from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        kind = NotSent if isinstance(error, _NO_CONNECTION) else SourceUnavailable
        raise kind(
            f"{endpoint.name} cannot be reached ({type(error).__name__}).", hint=_UNREACHABLE
        ) from None
    failure = status_error(endpoint.name, status, retry_after=retry_after, now=datetime.now(UTC))
    if failure is not None:
        if isinstance(failure, RateLimited) and failure.retry_after_seconds:
            until = time.monotonic() + failure.retry_after_seconds
            endpoint.not_before = max(endpoint.not_before, until)
        raise failure
    if sys.getrecursionlimit() > _SAFE_RECURSION and json_depth(content) > DEEPEST_JSON:
        # Decoders recurse; a library that raised the limit took their guard away.
        raise BadReply(f"{endpoint.name} sent an answer that is nested too deeply.")
    start, end = content[:64].lstrip()[:1], content[-64:].rstrip()[-1:]
    if start == b"[" and end == b"]":
        return content
    raise _not_a_batch(endpoint, content)


async def _read(reply: aiohttp.ClientResponse, endpoint: Endpoint) -> bytes:
    """The body, unpacked; no more than LONGEST_REPLY_MB of it is ever read."""
    pieces, size = [], 0
    async for piece in reply.content.iter_any():
        size += len(piece)
        if size > LONGEST_REPLY_MB << 20:
            raise BadReply(f"{endpoint.name} sent an answer of more than {LONGEST_REPLY_MB} MB.")
        pieces.append(piece)
    return b"".join(pieces)


_NO_CONNECTION = (aiohttp.ClientConnectorError, aiohttp.InvalidURL)
_UNREACHABLE = "Check that the node runs and that the RPC URL in the settings is right."


def _not_a_batch(endpoint: Endpoint, content: bytes) -> BadReply | RateLimited | SourceUnavailable:
    try:
        reply = msgspec.json.decode(content, type=AnyReply)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return BadReply(f"{endpoint.name} sent an answer that is cut or not JSON-RPC.")
    if reply.error is None:
        return BadReply(f"{endpoint.name} answered a batch with a single reply.")
    message = without_secrets(" ".join(reply.error.message.split()))[:_BODY_SHOWN]
    if is_limit(reply.error.code, message):
        return RateLimited(f"{endpoint.name} limits us: {message} ({reply.error.code}).")
    return BadReply(f"{endpoint.name} refused a batch: {message} ({reply.error.code}).")


def is_limit(code: int, message: str) -> bool:
    """True for a JSON-RPC error that means: too fast.

    A revert's message is the contract's own text, so what it says is not believed.
    """
    text = message.lower()
    if code == 3 or "revert" in text:
        return False
    return code in _LIMIT_CODES or any(
        word in text for word in ("rate limit", "too many requests", "exceeded", "capacity")
    )
