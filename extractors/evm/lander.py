"""Between fetching and the warehouse: collects proven blocks, checks their links, lands them.

About a hundred blocks at a time, so that inserts stay few and memory flat.
"""

import asyncio
import time
from collections.abc import Sequence

from extractors.evm.branch import broken_links, contradicts, hashes_at, unanchored
from extractors.evm.endpoint import Endpoint
from extractors.evm.fetch import Fetch
from extractors.evm.finality import Tags
from extractors.evm.landing import land, without
from extractors.evm.parse import Parsed, Refusal
from extractors.evm.pointers import Pointer, read_pointers
from extractors.evm.pool import Pool
from extractors.evm.reorg import find_fork, follow_fork
from extractors.evm.report import Extracted
from extractors.evm.work import Work
from extractors.evm.workers import Parser
from oracul.progress import Progress, Silent
from oracul.warehouse import Client, RejectedRow, record_rejected

BLOCKS_A_LANDING = 100
NOT_LINKED = "does not link to its neighbours, or the endpoints name another block at its height"


class Lander:
    """Lands what is put into it until `finish`."""

    def __init__(
        self,
        pool: Pool,
        client: Client,
        tags: Tags,
        extracted: Extracted,
        progress: Progress | None = None,
    ) -> None:
        self.pool, self.client, self.tags = pool, client, tags
        self.chain = pool.chain.chain
        self.extracted, self.progress = extracted, progress or Silent()
        self.began = time.monotonic()
        # Bounded: when the warehouse is slower than the nodes, fetching waits.
        self.queue: asyncio.Queue[Parsed | None] = asyncio.Queue(maxsize=BLOCKS_A_LANDING // 2)
        self.rejected: dict[tuple[str, str, str], RejectedRow] = {}
        self.unlinked: dict[int, str] = {}

    async def put(self, parsed: Parsed) -> None:
        """Queue a proven batch."""
        await self.queue.put(parsed)

    async def finish(self) -> None:
        """Nothing more will come."""
        await self.queue.put(None)

    def refuse(self, endpoint: Endpoint, refusal: Refusal) -> None:
        """Remember an answer that was not believed; written with the next landing."""
        self._reject(endpoint.name, refusal.number, refusal.reason, refusal.payload)

    def _reject(self, source: str, number: int, reason: str, payload: str = "") -> None:
        key = f"{self.chain}/{number}"
        self.rejected[source, key, reason] = RejectedRow(source, "raw.blocks", key, reason, payload)
        self.extracted.rejected += 1
        self.extracted.reasons[reason] += 1

    async def run(self) -> None:
        """Land until `finish`. Raises LandingMismatch, WarehouseError or SourceError (a fork)."""
        waiting: list[Parsed] = []
        more = True
        while more:
            parsed = await self.queue.get()
            more = parsed is not None
            if parsed is not None:
                waiting.append(parsed)
            if not more or sum(len(p.facts) for p in waiting) >= BLOCKS_A_LANDING:
                linked = await self._linked(waiting)
                await asyncio.to_thread(self._land, linked)
                waiting = []

    async def _linked(self, parsed: Sequence[Parsed]) -> list[Parsed]:
        """Only blocks that link to what is there and that the endpoints do not contradict.

        Where the pointers are what is wrong, the new branch is followed first.
        """
        refused: set[int] = set()
        while True:
            facts = [f for p in parsed for f in p.facts if f.number not in refused]
            if not facts:
                break
            around = {n for f in facts for n in (f.number - 1, f.number + 1)}
            around -= {f.number for f in facts}
            pointers = await asyncio.to_thread(
                read_pointers, self.client, self.chain, [n for n in around if n >= 0]
            )
            broken = broken_links(facts, pointers)
            tops = unanchored(facts, pointers) if len(self.pool.usable) > 1 else []
            if not broken and not tops:
                break
            asked = sorted({n for pair in broken for n in pair} | set(tops))
            hashes = await hashes_at(self.pool, asked)
            own = {f.number: f.hash for f in facts}
            wrong = {n for n in asked if n in own and contradicts(own[n], hashes[n])}
            if not wrong and not broken:
                break
            refused |= wrong
            followed = await self._follow_branch(broken, pointers)
            if not wrong and not followed:
                # Every party insists, yet the blocks do not fit: believe none of the new ones.
                refused |= {n for pair in broken for n in pair if n in own}
        for number in refused:
            self.unlinked[number] = NOT_LINKED
            self._reject("endpoints", number, NOT_LINKED)
        return [without(p, refused) for p in parsed] if refused else list(parsed)

    async def _follow_branch(
        self, broken: Sequence[tuple[int, int]], pointers: dict[int, Pointer]
    ) -> bool:
        for number in sorted({n for pair in broken for n in pair if n in pointers}):
            if await self.follow_fork_at(number):
                return True
        return False

    async def follow_fork_at(self, number: int) -> bool:
        """Follow the nodes' branch when they contradict the pointer at this height."""
        fork = await find_fork(self.pool, self.client, number)
        if fork is None:
            return False
        await follow_fork(self.pool, self.client, fork, self._land_numbers)
        self.extracted.reorgs += 1
        return True

    async def _land_numbers(self, numbers: Sequence[int]) -> dict[int, str]:
        """Fetch and land these blocks in one go; returns what could not be proven or linked."""
        collected: list[Parsed] = []

        async def keep(parsed: Parsed) -> None:
            collected.append(parsed)

        work, parser = Work(iter(sorted(numbers, reverse=True))), Parser(len(numbers))
        fetch = Fetch(self.pool, work, keep, self.refuse, parser)
        try:
            await fetch.run()
        finally:
            parser.close()
        facts = [f for p in collected for f in p.facts]
        missing = dict(fetch.work.given_up)
        ends = {min(numbers) - 1, max(numbers) + 1} - {-1}
        pointers = await asyncio.to_thread(read_pointers, self.client, self.chain, ends)
        missing |= {lower: NOT_LINKED for lower, _ in broken_links(facts, pointers)}
        if not missing:
            await asyncio.to_thread(self._land, collected)
        return missing

    def _land(self, parsed: Sequence[Parsed]) -> None:
        if self.rejected:
            rejected, self.rejected = list(self.rejected.values()), {}
            record_rejected(self.client, rejected)
        facts = [fact for part in parsed for fact in part.facts]
        if not facts:
            return
        rows = land(self.client, self.chain, parsed, self.tags.of)
        self.extracted.add(facts, rows)
        self.progress.advance(
            len(facts),
            rows_per_second=self.extracted.rows.total() / max(time.monotonic() - self.began, 1e-3),
            proven=f"{self.extracted.proven_ratio['receipts']:.1%}",
        )
