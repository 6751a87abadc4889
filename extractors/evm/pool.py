"""Several endpoints of one chain: who is asked, in what order, and for how long.

Small questions (`ask`) go to one endpoint after the other until one answers. The mass of blocks is
pulled by `fetch`, which uses all endpoints at once.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

import aiohttp
import msgspec

from extractors.evm.budget import Budget, Flow, allowance
from extractors.evm.endpoint import Endpoint, batch_body, is_limit, make_endpoints, post
from extractors.evm.structs import AnyReply
from oracul.chains import ChainSpec
from oracul.errors import BadReply, ConfigError, RateLimited, SourceError, SourceUnavailable
from oracul.http import RetryPolicy, wait_seconds
from oracul.reach import GuardedResolver
from oracul.settings import REQUESTS_TO_BEGIN, Settings
from oracul.times import utc_now
from oracul.warehouse import Client, metered

_replies = msgspec.json.Decoder(list[AnyReply])
_METHOD_NOT_FOUND = frozenset({-32601, -32604})
_GREETING_SECONDS = 10.0
# How long a question waits for an endpoint's turn while there are others; how often it is asked.
_PATIENCE_SECONDS = 5.0
_TRIES = 3
Call = tuple[str, list[Any]]
Read = TypeVar("Read")


@dataclass
class Pool:
    """Open connections to a chain's endpoints. Made by `open_pool`.

    `budget` None = as many requests as it takes.
    """

    chain: ChainSpec
    endpoints: list[Endpoint]
    session: aiohttp.ClientSession
    policy: RetryPolicy
    request_timeout_seconds: float
    budget: Budget | None = None

    @property
    def usable(self) -> list[Endpoint]:
        """Endpoints that were not set aside, the healthiest first; those in sync, if any is."""
        usable = [e for e in self.endpoints if e.is_usable]
        usable = [e for e in usable if not e.is_syncing] or usable
        return sorted(usable, key=lambda e: (e.not_before > time.monotonic(), e.failures))

    def blame(self, name: str) -> None:
        """Count a disproven answer of the endpoint of this name."""
        for endpoint in self.endpoints:
            if endpoint.name == name:
                endpoint.failed_proof()

    async def batch(self, endpoint: Endpoint, calls: Sequence[Call]) -> list[AnyReply]:
        """Answers of one endpoint in the order of the calls, errors of single calls among them."""
        is_alone = len(self.usable) == 1
        body = await post(
            self.session,
            endpoint,
            batch_body(calls),
            self.request_timeout_seconds,
            patience_seconds=self.policy.deadline_seconds if is_alone else _PATIENCE_SECONDS,
        )
        try:
            replies = _replies.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise BadReply(f"{endpoint.name} sent an answer that is cut or not JSON.") from None
        by_id = {reply.id: reply for reply in replies}
        if len(replies) != len(calls) or set(by_id) != set(range(len(calls))):
            raise BadReply(f"{endpoint.name} answered with ids that were not asked for.")
        for reply in replies:
            if reply.error is not None and is_limit(reply.error.code, reply.error.message):
                raise RateLimited(f"{endpoint.name} limits us: {reply.error.message[:160]}")
        return [by_id[i] for i in range(len(calls))]

    async def insist(
        self,
        endpoint: Endpoint,
        calls: Sequence[Call],
        read: Callable[[list[AnyReply]], Read],
    ) -> Read:
        """What `read` makes of an endpoint's answers, asked a few times: for questions whose point
        is what this endpoint says. The last one that is left is asked until the deadline.

        Raises its last SourceError, those of `read` among them.
        """
        start, attempt = time.monotonic(), 0
        while True:
            attempt += 1
            try:
                return read(await self.batch(endpoint, calls))
            except (RateLimited, SourceUnavailable, BadReply) as error:
                asked = error.retry_after_seconds if isinstance(error, RateLimited) else None
                wait = wait_seconds(
                    self.policy,
                    attempt,
                    time.monotonic() - start,
                    jitter=random.random(),  # noqa: S311 — spreads retries, guards nothing
                    retry_after_seconds=asked,
                )
                is_alone = len(self.usable) == 1 and not isinstance(error, BadReply)
                late = time.monotonic() - start + (wait or 0.0) > _PATIENCE_SECONDS
                if wait is None or (not is_alone and (attempt >= _TRIES or late)):
                    raise
            await asyncio.sleep(wait)

    async def ask(self, calls: Sequence[Call]) -> list[AnyReply]:
        """Like `ask_named`, without saying who answered."""
        return (await self.ask_named(calls))[1]

    async def ask_named(self, calls: Sequence[Call]) -> tuple[Endpoint, list[AnyReply]]:
        """Like `batch`, at the first endpoint that answers; retried until the deadline.

        Raises the last SourceError when none does.
        """
        start, attempt, last = time.monotonic(), 0, SourceError("no endpoint is usable")
        while True:
            attempt += 1
            asked: float | None = None
            for endpoint in self.usable:
                try:
                    replies = await self.batch(endpoint, calls)
                except (RateLimited, SourceUnavailable, BadReply) as error:
                    last = error
                    if isinstance(error, RateLimited):
                        asked = max(asked or 0.0, error.retry_after_seconds or 0.0)
                    continue
                endpoint.succeeded()
                return endpoint, replies
            wait = wait_seconds(
                self.policy,
                attempt,
                time.monotonic() - start,
                jitter=random.random(),  # noqa: S311 — spreads retries, guards nothing
                retry_after_seconds=asked,
            )
            if wait is None or (isinstance(last, BadReply) and attempt >= _TRIES):
                raise last
            await asyncio.sleep(wait)


@asynccontextmanager
async def open_pool(
    settings: Settings,
    chain: ChainSpec,
    client: Client,
    flow: Flow,
    *,
    clock: Callable[[], datetime] = utc_now,
) -> AsyncIterator[Pool]:
    """Connect to a chain's endpoints and check that each serves that chain.

    What is asked of them is counted in `meta.rpc_usage` for this flow. An endpoint that cannot be
    reached is set aside as long as another one works. Raises ConfigError when no URL is set or an
    endpoint serves another chain; BudgetSpent, before anything is sent, when the flow may ask
    nothing more today; SourceUnavailable when no endpoint is there.
    """
    wanted = settings.chains.get(chain.chain)
    if wanted is None or not wanted.rpc_urls:
        raise ConfigError(
            f"No RPC URL is set for {chain.chain}.",
            hint=f"Set ORACUL_CHAINS__{chain.chain.upper()}__RPC_URLS to one or more addresses.",
        )
    endpoints = make_endpoints(
        wanted.rpc_urls,
        max_concurrency=wanted.max_concurrency,
        max_batch_blocks=wanted.max_batch_blocks,
    )
    allowed = allowance(chain.chain, wanted, flow)
    counts = {endpoint.name: endpoint.traffic for endpoint in endpoints}
    async with metered(
        client, flow, counts, chain=chain.chain, knows_others=allowed is not None, clock=clock
    ) as meter:
        budget: Budget | None = None
        if allowed is not None:
            budget = Budget(allowed, lambda: meter.requests_on(clock().date()), clock)
            budget.check(REQUESTS_TO_BEGIN)
        connector = aiohttp.TCPConnector(limit=0, limit_per_host=0, resolver=GuardedResolver())
        async with aiohttp.ClientSession(
            connector=connector, auto_decompress=True, read_bufsize=1 << 20
        ) as session:
            policy = RetryPolicy(deadline_seconds=wanted.deadline_seconds)
            pool = Pool(chain, endpoints, session, policy, wanted.request_timeout_seconds, budget)
            await _check_chain_ids(pool)
            yield pool


async def _check_chain_ids(pool: Pool) -> None:
    faults = await asyncio.gather(*(_chain_id_fault(pool, e) for e in pool.endpoints))
    for endpoint, fault in zip(pool.endpoints, faults, strict=True):
        if isinstance(fault, ConfigError):
            raise fault
        if fault is not None:
            endpoint.set_aside = fault.message
    if not pool.usable:
        worst = next(fault for fault in faults if fault is not None)
        raise worst


async def _chain_id_fault(pool: Pool, endpoint: Endpoint) -> SourceError | ConfigError | None:
    """None when the endpoint serves the pool's chain; else why not."""
    start, attempt = time.monotonic(), 0
    # A first greeting that fails is most often a wrong address: say so soon.
    patience = _GREETING_SECONDS if len(pool.endpoints) == 1 else 1.0
    while True:
        attempt += 1
        try:
            (reply,) = await pool.batch(endpoint, [("eth_chainId", [])])
            return _chain_id_verdict(pool.chain, endpoint, reply)
        except (RateLimited, SourceUnavailable, BadReply) as error:
            if isinstance(error, BadReply) and attempt >= _TRIES:
                return error
            asked = error.retry_after_seconds if isinstance(error, RateLimited) else None
            wait = wait_seconds(
                replace(
                    pool.policy,
                    deadline_seconds=min(
                        pool.policy.deadline_seconds, max(patience, 2 * (asked or 0.0))
                    ),
                ),
                attempt,
                time.monotonic() - start,
                jitter=random.random(),  # noqa: S311
                retry_after_seconds=asked,
            )
            if wait is None:
                return error
            await asyncio.sleep(wait)


def _chain_id_verdict(chain: ChainSpec, endpoint: Endpoint, reply: AnyReply) -> ConfigError | None:
    """None when the answer is the chain's id. Raises BadReply when it is none."""
    if reply.error is not None:
        raise BadReply(f"{endpoint.name} does not answer eth_chainId: {reply.error.message[:160]}")
    try:
        found = int(msgspec.json.decode(reply.result, type=str), 16)
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise BadReply(f"{endpoint.name} answered eth_chainId with something else.") from None
    if found != chain.chain_id:
        return ConfigError(
            f"{endpoint.name} serves chain id {found}, but {chain.chain} is {chain.chain_id}.",
            hint=f"Correct ORACUL_CHAINS__{chain.chain.upper()}__RPC_URLS.",
        )
    return None


def is_method_missing(code: int) -> bool:
    """True for the JSON-RPC error that means: this node does not have that method."""
    return code in _METHOD_NOT_FOUND
