"""Pull blocks from all endpoints of a pool at once, parse and prove them, hand them on.

Each endpoint has its own adaptive window and batch size. What an endpoint cannot give goes to the
others (`work`). Parsing runs in worker processes when the range is worth their start.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import msgspec

from extractors.evm.bodies import parsed, post_all
from extractors.evm.budget import Budget
from extractors.evm.endpoint import Endpoint, batch_body, is_limit
from extractors.evm.parse import Answer, Parsed, Refusal
from extractors.evm.pool import Pool, is_method_missing
from extractors.evm.structs import BlockTxHashesReply
from extractors.evm.work import Work
from extractors.evm.workers import Parser
from oracul.errors import BadReply, BudgetSpent, RateLimited, SourceError, SourceUnavailable
from oracul.http import wait_seconds
from oracul.redact import without_secrets

REQUESTS_A_BATCH = 2
RECEIPTS_A_BATCH = 100
_MAX_TASKS = 24
_BAD_BODIES = 8
_FRUITLESS_ROUNDS = 3
_FEW = 0.25
_tx_hashes = msgspec.json.Decoder(list[BlockTxHashesReply])

Sink = Callable[[Parsed], Awaitable[None]]
OnRefusal = Callable[[Endpoint, Refusal], None]


@dataclass
class Fetch:
    """One run of pulling: where from, what, and where to.

    With a `budget`, it ends where that is spent, and says so in `spent`.
    """

    pool: Pool
    work: Work
    sink: Sink
    on_refusal: OnRefusal
    parser: Parser
    wants_proof: bool = True
    budget: Budget | None = None
    spent: BudgetSpent | None = None
    batch_requests: int = REQUESTS_A_BATCH
    failing_since: dict[str, float] = field(default_factory=dict)
    last_error: SourceError | None = None
    accepted: int = 0
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_MAX_TASKS))

    async def run(self) -> None:
        """Until everything is fetched or given up. Raises SourceError when no endpoint is left."""
        fruitless = 0
        while fruitless < _FRUITLESS_ROUNDS:
            accepted = self.accepted
            await self._round()
            fruitless = fruitless + 1 if self.accepted == accepted else 0
            # Nodes that give nearly all may give these too, a moment later.
            few = len(self.work.given_up) <= self.accepted * _FEW
            if not few or not self.work.try_again():
                break
        if not self.work.is_drained and not self.pool.usable:
            raise self.last_error or SourceUnavailable(
                f"No RPC endpoint of {self.pool.chain.chain} is left to ask: "
                + "; ".join(f"{e.name}: {e.set_aside}" for e in self.pool.endpoints)
            )

    async def _round(self) -> None:
        """Until each block is fetched, or every endpoint has failed it."""
        self.work.give_up_what_nobody_has([e.name for e in self.pool.usable])
        async with asyncio.TaskGroup() as group:
            for endpoint in self.pool.usable:
                group.create_task(self._pull(endpoint))

    def stop(self) -> None:
        """Hand out nothing more; what is in hand is finished."""
        self.work.is_stopped = True

    async def _pull(self, endpoint: Endpoint) -> None:
        async with asyncio.TaskGroup() as group:
            while endpoint.is_usable and not self.work.is_drained:
                delay = endpoint.not_before - time.monotonic()
                if delay <= 0:
                    delay = self._budget_delay()
                if delay > 0:
                    await self._wait(min(delay, 0.5))
                    continue
                if endpoint.in_flight >= int(endpoint.window):
                    await self._wait(0.5)
                    continue
                numbers = sorted(self.work.take(endpoint.name, endpoint.batch_blocks))
                if not numbers:
                    await self._wait(0.5)
                    continue
                endpoint.in_flight += 1
                cost = self.batch_requests
                if self.budget is not None:
                    self.budget.take(cost)
                group.create_task(self._one_batch(endpoint, numbers, cost))
        self.work.give_up_what_nobody_has([e.name for e in self.pool.usable])

    def _budget_delay(self) -> float:
        """Seconds until the budget lets another batch pass; once it is spent, pulling stops."""
        if self.budget is None or self.work.is_stopped:
            return 0.0
        try:
            return self.budget.delay_seconds(self.batch_requests)
        except BudgetSpent as error:
            self.spent = error
            self.stop()
            return 0.0

    async def _wait(self, timeout_seconds: float) -> None:
        async with self.changed:
            try:
                await asyncio.wait_for(self.changed.wait(), timeout_seconds)
            except TimeoutError:
                return

    async def _one_batch(self, endpoint: Endpoint, numbers: list[int], cost: int) -> None:
        try:
            async with self.slots:
                try:
                    answer, bodies = await self._answer(endpoint, numbers)
                    self.batch_requests = max(self.batch_requests, len(bodies))
                    found = await parsed(
                        self.pool, endpoint, self.parser, answer, bodies, self._failed_in_part
                    )
                except (RateLimited, SourceUnavailable, BadReply) as error:
                    self._failed(endpoint, numbers, error)
                else:
                    await self._take(endpoint, found, by_block=answer.receipt_counts is None)
        finally:
            endpoint.in_flight -= 1
            if self.budget is not None:
                self.budget.give_back(cost)
            async with self.changed:
                self.changed.notify_all()

    async def _answer(self, endpoint: Endpoint, numbers: list[int]) -> tuple[Answer, list[bytes]]:
        """What the endpoint answers for these blocks, and the requests that it answered."""
        block_calls = [("eth_getBlockByNumber", [hex(n), True]) for n in numbers]
        by_block = endpoint.has_block_receipts
        bodies = [batch_body(block_calls)]
        if by_block:
            bodies.append(batch_body([("eth_getBlockReceipts", [hex(n)]) for n in numbers]))
        block_body, *receipt_bodies = await self._post_all(endpoint, bodies)
        counts: tuple[int, ...] | None = None
        if not by_block:
            counts, singles = self._single_receipts(endpoint, block_body, numbers)
            bodies += singles
            receipt_bodies = await self._post_all(endpoint, singles)
        answer = Answer(
            self.pool.chain.chain,
            endpoint.name,
            tuple(numbers),
            block_body,
            tuple(receipt_bodies),
            counts,
            self.wants_proof,
        )
        return answer, bodies

    async def _post_all(self, endpoint: Endpoint, bodies: Sequence[bytes]) -> list[bytes]:
        return await post_all(self.pool, endpoint, bodies, self._failed_in_part)

    def _single_receipts(
        self, endpoint: Endpoint, block_body: bytes, numbers: Sequence[int]
    ) -> tuple[tuple[int, ...], list[bytes]]:
        """For nodes without eth_getBlockReceipts: one call a transaction, in batches. Returns how
        many belong to each block, and the requests.
        """
        try:
            replies = _tx_hashes.decode(block_body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise BadReply(f"{endpoint.name} sent blocks that cannot be read.") from None
        by_id = {reply.id: reply.result for reply in replies}
        if set(by_id) != set(range(len(numbers))):
            raise BadReply(f"{endpoint.name} answered with ids that were not asked for.")
        hashes, counts = [], []
        for position in range(len(numbers)):
            block = by_id.get(position)
            counts.append(len(block.transactions) if block is not None else 0)
            hashes += [t.hash for t in block.transactions] if block is not None else []
        bodies = [
            batch_body(
                [("eth_getTransactionReceipt", [h]) for h in hashes[i : i + RECEIPTS_A_BATCH]], i
            )
            for i in range(0, len(hashes), RECEIPTS_A_BATCH)
        ]
        return tuple(counts), bodies

    def _failed_in_part(self, endpoint: Endpoint, error: SourceError) -> None:
        """Half of a batch failed and is asked for again."""
        self.last_error = error
        if isinstance(error, BadReply):
            endpoint.slowed(0.0)
        else:
            self._back_off(endpoint, error)

    def _failed(self, endpoint: Endpoint, numbers: list[int], error: SourceError) -> None:
        """A whole batch failed: try it again later, smaller, or elsewhere."""
        self.last_error = error
        if isinstance(error, BadReply):
            self._bad_body(endpoint, numbers, error)
            return
        self.work.put_back(numbers)
        self._back_off(endpoint, error)

    def _bad_body(self, endpoint: Endpoint, numbers: list[int], error: BadReply) -> None:
        """A body that is no answer: ask for less at once; only a block asked alone takes blame."""
        endpoint.slowed(0.0, smaller_batch=True)
        refusal = Refusal(numbers[0], "bad", error.message)
        self.on_refusal(endpoint, refusal)
        if endpoint.failures >= _BAD_BODIES and len(self.pool.usable) > 1:
            endpoint.set_aside = f"{endpoint.failures} bad answers one after the other"
        if len(numbers) > 1:
            self.work.put_back(numbers)
        else:
            self.work.refuse(endpoint.name, refusal, [e.name for e in self.pool.usable])

    def _back_off(self, endpoint: Endpoint, error: SourceError) -> None:
        """Wait before asking again; set aside what failed for the whole deadline."""
        since = self.failing_since.setdefault(endpoint.name, time.monotonic())
        asked = error.retry_after_seconds if isinstance(error, RateLimited) else None
        wait = wait_seconds(
            self.pool.policy,
            endpoint.failures + 1,
            time.monotonic() - since,
            jitter=random.random(),  # noqa: S311 — spreads retries, guards nothing
            retry_after_seconds=asked,
        )
        if wait is None:
            endpoint.set_aside = error.message
        else:
            endpoint.slowed(wait, smaller_batch=isinstance(error, SourceUnavailable))

    async def _take(self, endpoint: Endpoint, found: Parsed, *, by_block: bool) -> None:
        """Hand on what was proven; see to refusals. `by_block` = how receipts were asked."""
        if found.facts:
            self.failing_since.pop(endpoint.name, None)
            endpoint.gave_proven(len(found.facts))
            self.accepted += len(found.facts)
            await self.sink(found)
            self.work.accept(fact.number for fact in found.facts)
        limited = None
        for told in found.refusals:
            # Parsing may have happened in a process that knows no secrets.
            refusal = msgspec.structs.replace(told, reason=without_secrets(told.reason))
            if refusal.kind == "error" and is_method_missing(refusal.code):
                endpoint.has_block_receipts = False
                if not by_block:  # there is no other way left to ask
                    endpoint.set_aside = f"it lacks a method that is needed; {refusal.reason}"
                self.work.put_back([refusal.number])
            elif refusal.kind == "error" and is_limit(refusal.code, refusal.reason):
                limited = refusal
                self.work.put_back([refusal.number])
            else:
                if refusal.kind == "proof":
                    # The last one that gives anything: without it there would be nothing.
                    is_last = len(self.pool.usable) == 1 and self.accepted > 0
                    endpoint.failed_proof(is_needed=is_last)
                if refusal.kind != "missing":
                    self.on_refusal(endpoint, refusal)
                self.work.refuse(endpoint.name, refusal, [e.name for e in self.pool.usable])
        if limited is not None:
            self._back_off(endpoint, RateLimited(f"{endpoint.name} limits us: {limited.reason}"))
        elif found.facts:
            endpoint.succeeded()
