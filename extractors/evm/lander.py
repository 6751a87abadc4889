"""Between fetching and the warehouse: collects proven blocks, checks their links, lands them.

Many blocks at a time, since each insert costs and leaves a part to merge (250 instead of 100 halve
the engine's work), yet bounded in bytes, so that memory stays flat.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from extractors.evm.branch import agreed, broken_links, contradicts, named_at, unanchored
from extractors.evm.endpoint import Endpoint
from extractors.evm.fetch import Fetch
from extractors.evm.finality import Tags
from extractors.evm.gaps import runs
from extractors.evm.landing import land, without
from extractors.evm.parse import BlockFacts, Parsed, Refusal
from extractors.evm.pointers import Pointer, read_pointers
from extractors.evm.pool import Pool
from extractors.evm.reorg import BeforePointers, Fork, find_fork, follow_fork
from extractors.evm.report import Extracted
from extractors.evm.work import Work
from extractors.evm.workers import Parser
from oracul.errors import SourceError
from oracul.progress import Progress, Silent
from oracul.warehouse import Client, RejectedRow, record_rejected

BLOCKS_A_LANDING = 250
BYTES_A_LANDING = 96 << 20
_WAITING_BATCHES = 12
_BRANCHES_IN_A_ROW = 5
NOT_LINKED = "does not link to its neighbours, or the endpoints name another block at its height"


@dataclass(frozen=True)
class Dispute:
    """A block that the endpoints do not confirm, and the hash that each of them names now."""

    fact: BlockFacts
    named: Mapping[str, str]


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
        self.queue: asyncio.Queue[Parsed | None] = asyncio.Queue(maxsize=_WAITING_BATCHES)
        self.rejected: dict[tuple[str, str, str], RejectedRow] = {}
        self.disputed: dict[int, str] = {}
        self.moved: set[tuple[str, int]] = set()

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
        if (source, key, reason) not in self.rejected:
            self.extracted.rejected += 1
            self.extracted.reasons[reason] += 1
        self.rejected[source, key, reason] = RejectedRow(source, "raw.blocks", key, reason, payload)

    async def run(self) -> None:
        """Land until `finish`. Raises LandingMismatch, WarehouseError or SourceError (a fork)."""
        waiting: list[Parsed] = []
        more = True
        while more:
            parsed = await self.queue.get()
            more = parsed is not None
            if parsed is not None:
                waiting.append(parsed)
            if not more or _is_enough(waiting):
                linked = await self._linked(waiting)
                await self._land(linked)
                waiting = []

    async def _linked(self, parsed: Sequence[Parsed]) -> list[Parsed]:
        """Only blocks that link to what is there and that the endpoints do not contradict.

        Where the pointers are what is wrong, the new branch is followed first.
        """
        refused: set[int] = set()
        while True:
            facts = [f for p in parsed for f in p.facts if f.number not in refused]
            pointers = await self._pointers_around(facts)
            broken = broken_links(facts, pointers)
            tops = unanchored(facts, pointers) if len(self.pool.usable) > 1 else []
            asked = {n for pair in broken for n in pair} | set(tops)
            disputes = await self._contradicted([f for f in facts if f.number in asked])
            if disputes:
                # Whoever gave one block of another branch may have given more of it.
                sources = {d.fact.source for d in disputes}
                more = await self._contradicted([f for f in facts if f.source in sources])
                disputes = more or disputes  # an endpoint that changes its mind must not hold us
            elif broken and not await self._follow_branch(broken, pointers):
                # Every party insists, yet the blocks do not fit: believe none of the new ones, nor
                # what hangs together with them, or two branches would be there at once.
                unfit = {n for pair in broken for n in pair}
                hit = [r for r in runs([f.number for f in facts]) if not unfit.isdisjoint(r)]
                disputes = [Dispute(f, {}) for f in facts if any(f.number in r for r in hit)]
            elif not broken:
                return [without(p, refused) for p in parsed] if refused else list(parsed)
            for dispute in disputes:
                refused.add(dispute.fact.number)
                self.disputed[dispute.fact.number] = self._blame(dispute)

    async def _pointers_around(self, facts: Sequence[BlockFacts]) -> dict[int, Pointer]:
        around = {n for f in facts for n in (f.number - 1, f.number + 1)} - {-1}
        around -= {f.number for f in facts}
        return await asyncio.to_thread(read_pointers, self.client, self.chain, around)

    async def _contradicted(self, facts: Sequence[BlockFacts]) -> list[Dispute]:
        """Those of the blocks whose hash the endpoints do not confirm."""
        if not facts:
            return []
        named = await named_at(self.pool, [f.number for f in facts])
        return [
            Dispute(f, named[f.number])
            for f in facts
            if contradicts(f.hash, list(named[f.number].values()))
        ]

    def _blame(self, dispute: Dispute) -> str:
        """Which endpoint is not to be asked for the block again; "" for none.

        An endpoint that names another block by now has changed branch, which it may do once for
        each block; one that insists, or stays silent, is not believed.
        """
        fact, named = dispute.fact, dispute.named
        has_moved = named.get(fact.source, fact.hash) != fact.hash
        if has_moved and (fact.source, fact.number) not in self.moved:
            self.moved.add((fact.source, fact.number))
            return ""
        if agreed(list(named.values())) is not None:
            self.pool.blame(fact.source)
        self._reject(fact.source, fact.number, NOT_LINKED)
        return fact.source

    async def _follow_branch(
        self, broken: Sequence[tuple[int, int]], pointers: dict[int, Pointer]
    ) -> bool:
        for number in sorted({n for pair in broken for n in pair if n in pointers}):
            if await self.follow_fork_at(number):
                return True
        return False

    async def follow_fork_at(self, number: int) -> bool:
        """Follow the nodes' branch when they contradict the pointer at this height.

        Returns whether pointers changed. When the nodes move on meanwhile, it looks again. Raises
        SourceError when the new branch cannot be proven, ForkBelowFinality.
        """
        before: Fork | None = None
        reason = ""
        for _ in range(_BRANCHES_IN_A_ROW):
            fork = await find_fork(self.pool, self.client, number)
            if fork is None:
                return False
            changed, missing = await follow_fork(self.pool, self.client, fork, self._land_branch)
            if not missing:
                self.extracted.reorgs += changed
                return changed
            reason = "block {}: {}".format(*next(iter(missing.items())))
            if fork == before:
                break
            before = fork
        raise SourceError(
            f"{self.chain}: the new branch could not be proven; {reason}. The old branch stays.",
            hint="Run the same command again, or add another RPC URL.",
        )

    async def land_disputed(self) -> dict[int, str]:
        """Fetch the blocks that were refused for their links from the other endpoints.

        Returns those that stay missing, with reasons.
        """
        blame, self.disputed = self.disputed, {}
        if not blame:
            return {}
        collected, missing = await self.fetch_agreed(Work.again_without(blame))
        await self._land(await self._linked(collected))
        return missing | dict.fromkeys(self.disputed, NOT_LINKED)

    async def _land_branch(
        self, numbers: Sequence[int], before_pointers: BeforePointers
    ) -> dict[int, str]:
        """Fetch and land these blocks in one go, or none; returns what could not be proven or
        linked. `before_pointers` as in `land`.
        """
        collected, missing = await self.fetch_agreed(Work.again_without(dict.fromkeys(numbers, "")))
        facts = [f for p in collected for f in p.facts]
        pointers = await self._pointers_around(facts)
        unfit = {n for pair in broken_links(facts, pointers) for n in pair}
        missing |= {f.number: NOT_LINKED for f in facts if f.number in unfit}
        if not missing:
            await self._land(collected, before_pointers)
        return missing

    async def fetch_agreed(self, work: Work) -> tuple[list[Parsed], dict[int, str]]:
        """Blocks that the endpoints agree on, each asked from one endpoint after the other."""
        collected: list[Parsed] = []
        missing: dict[int, str] = {}
        for _ in range(len(self.pool.endpoints) + 1):
            fetched: list[Parsed] = []

            async def keep(parsed: Parsed, into: list[Parsed] = fetched) -> None:
                into.append(parsed)

            await Fetch(self.pool, work, keep, self.refuse, Parser(0)).run()
            missing |= work.given_up
            disputes = await self._contradicted([f for p in fetched for f in p.facts])
            wrong = {d.fact.number: self._blame(d) for d in disputes}
            collected += [without(p, set(wrong)) for p in fetched]
            if not wrong:
                return collected, missing
            work = Work.again_without(wrong)
        return collected, missing | dict.fromkeys(work.again, NOT_LINKED)

    async def _land(
        self, parsed: Sequence[Parsed], before_pointers: BeforePointers | None = None
    ) -> None:
        # Taken here, not in the thread: answers are refused while it runs.
        rejected, self.rejected = list(self.rejected.values()), {}
        await asyncio.to_thread(self._write, parsed, rejected, before_pointers)

    def _write(
        self,
        parsed: Sequence[Parsed],
        rejected: Sequence[RejectedRow],
        before_pointers: BeforePointers | None,
    ) -> None:
        if rejected:
            record_rejected(self.client, rejected)
        parsed = [part for part in parsed if part.facts]
        facts = [fact for part in parsed for fact in part.facts]
        if not facts:
            return
        rows = land(self.client, self.chain, parsed, self.tags.of, before_pointers)
        self.extracted.add(facts, rows)
        self.progress.advance(
            len(facts),
            rows_per_second=self.extracted.rows.total() / max(time.monotonic() - self.began, 1e-3),
            proven=f"{self.extracted.proven_ratio['receipts']:.1%}",
        )


def _is_enough(waiting: Sequence[Parsed]) -> bool:
    blocks = sum(len(p.facts) for p in waiting)
    size = sum(len(stream) for p in waiting for stream in p.tables.values())
    return blocks >= BLOCKS_A_LANDING or size >= BYTES_A_LANDING
