"""The shell of verification: which blocks, ask the nodes, judge the rows, write down, repair."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import date

from extractors.evm.finality import Tags, combine, read_claims
from extractors.evm.pool import Pool, open_pool
from extractors.evm.verify.asking import Asked, ask_branch
from extractors.evm.verify.judging import Judging
from extractors.evm.verify.links import gaps, link_faults
from extractors.evm.verify.repair import repair
from extractors.evm.verify.report import DoesNotHold, Verified
from extractors.evm.verify.results import standing_checks, write_checks, write_verdicts
from extractors.evm.verify.stored import (
    landed_chains,
    landed_range,
    pages,
    pointers_at,
    range_of_days,
)
from extractors.evm.verify.supply import TOKENS, Sampled, newest_run, sample_supply, supply_check
from extractors.evm.verify.totals import check_totals
from extractors.evm.verify.verdict import Fault, Pointed, Verdict
from extractors.evm.workers import calling_on_interrupt
from oracul.chains import get_chain
from oracul.errors import BudgetSpent, ConfigError
from oracul.log import get_logger
from oracul.progress import Progress, Silent
from oracul.settings import Settings
from oracul.times import utc_now
from oracul.warehouse import Client
from oracul.warehouse.build_lock import build_lock

_WRITTEN_AT_ONCE = 2_000
_SUPPLY_REQUESTS = 2 * TOKENS


@dataclass(frozen=True)
class Scope:
    """What to verify. `blocks` is half-open, `days` are UTC days, both taken; None = all landed.

    `is_offline` asks no endpoint; `repairs` lands again what does not hold, and needs one.
    """

    chain: str | None = None
    blocks: tuple[int, int] | None = None
    days: tuple[date, date] | None = None
    is_offline: bool = False
    repairs: bool = False


def verify(
    settings: Settings,
    client: Client,
    scope: Scope,
    *,
    run_id: str,
    progress: Progress | None = None,
) -> list[Verified]:
    """Prove again what is stored; one report a chain, rows in meta.verified_blocks and checks.

    Running it again changes nothing but those. Ctrl-C keeps what was done, then raises
    KeyboardInterrupt. A chain whose quota is spent is left with a note. Raises ConfigError (unknown
    chain, repair without an endpoint), SourceError when no endpoint answers (`is_offline` needs
    none), DoesNotHold when something does not, BudgetSpent when no chain could be looked at.
    """
    if scope.repairs and scope.is_offline:
        raise ConfigError("Repair fetches blocks again, which needs an endpoint.",
                          hint="Leave --offline out.")  # fmt: skip
    chains = [get_chain(scope.chain).chain] if scope.chain else landed_chains(client)
    found: list[Verified] = []
    sampled: dict[str, list[Sampled]] = {}
    for chain in chains:
        verifying = Verifying(settings, client, scope, chain, run_id, progress or Silent())
        found.append(verifying.found)
        try:
            asyncio.run(verifying.run())
        except BudgetSpent as error:  # the other chains have quotas of their own
            verifying.found.spent = error
            verifying.found.notes.append(f"not all was looked at: {error.message.rstrip('.')}")
        sampled[chain] = verifying.sampled
        if verifying.found.is_interrupted:
            break
    results = standing_checks(client, found)
    if not found or not found[-1].is_interrupted:
        results += check_totals(client, found) + supply_check(sampled)
    write_checks(client, results, run_id, utc_now())
    for report in found:
        get_logger().info(
            "blocks_verified", run_id=run_id, chain=report.chain, from_block=report.start,
            to_block=report.end, blocks=report.blocks, broken=report.broken,
            missing=report.missing, duration_ms=round(report.duration_seconds * 1000),
        )  # fmt: skip
    if found and found[-1].is_interrupted:
        raise KeyboardInterrupt("; ".join(report.sentence for report in found))
    if not all(report.holds for report in found):
        raise DoesNotHold(found)
    spent = [report.spent for report in found if report.spent and not report.blocks]
    if spent and len(spent) == len(found):
        raise spent[0]
    return found


class Verifying:
    """One chain's verification while it runs."""

    def __init__(
        self,
        settings: Settings,
        client: Client,
        scope: Scope,
        chain: str,
        run_id: str,
        progress: Progress,
    ) -> None:
        self.settings, self.client, self.scope = settings, client, scope
        self.run_id, self.progress = run_id, progress
        self.found = Verified(chain, *_range(client, scope, chain))
        self.found.has_named_range = bool(scope.blocks or scope.days)
        self.asked = Asked()
        self.bad: list[Verdict] = []
        self.unwritten: list[Verdict] = []
        self.newest: tuple[int, int] | None = None
        self.sampled: list[Sampled] = []

    async def run(self) -> None:
        """Verify, repair when asked to, verify again what was repaired."""
        began = time.monotonic()
        try:
            await self._run()
        finally:
            self.found.duration_seconds = time.monotonic() - began

    async def _run(self) -> None:
        async with AsyncExitStack() as stack:
            pool = await self._pool(stack)
            tags = combine(await read_claims(pool), pool.chain.finality_depth) if pool else None
            await self._look(pool)
            if self.scope.repairs and pool and tags and not self.found.is_interrupted:
                # One repair at a time, and no build on rows that are being replaced.
                if pool.budget and not self.found.holds:
                    pool.budget.check()
                with build_lock(self.settings.home):
                    await self._repair(pool, tags)
            # The sample is not worth a note when the quota ends here.
            if pool and pool.budget and pool.budget.is_spent(_SUPPLY_REQUESTS):
                self.newest = None
            if pool and self.newest and not self.found.broken and not self.found.is_interrupted:
                self.sampled = await sample_supply(pool, self.client, *self.newest)

    async def _pool(self, stack: AsyncExitStack) -> Pool | None:
        found = self.found
        wanted = self.settings.chains.get(found.chain)
        if self.scope.is_offline or wanted is None or not wanted.rpc_urls:
            if self.scope.repairs:
                raise ConfigError(
                    f"No RPC URL is set for {found.chain}, so nothing can be landed again.",
                    hint=f"Set ORACUL_CHAINS__{found.chain.upper()}__RPC_URLS.",
                )
            found.notes.append("no node was asked for its branch")
            return None
        pool = await stack.enter_async_context(
            open_pool(self.settings, get_chain(found.chain), self.client, "verify")
        )
        found.endpoints = len(pool.usable)
        if found.endpoints == 1:
            found.notes.append("one endpoint vouches for the branch; a second one would be better")
        return pool

    async def _look(self, pool: Pool | None) -> None:
        found = self.found
        judging = Judging(self.client, found.chain, found.end - found.start)

        def stop() -> None:
            found.is_interrupted = True
            judging.stop()

        last: list[Pointed] = []
        self.progress.start(f"{found.chain} blocks", _count(self.client, found), "blocks")
        try:
            with calling_on_interrupt(stop):
                for page in pages(self.client, found.chain, found.start, found.end):
                    await self._page(pool, judging, last, page)
                    last = page[-1:]
                    if found.is_interrupted:
                        break
        finally:
            judging.close()
            self._write()
            self.progress.finish()
        if not found.is_interrupted:
            found.gaps += _edges(found, last)
            found.gaps.sort(key=lambda gap: gap.start)

    async def _page(
        self, pool: Pool | None, judging: Judging, last: list[Pointed], page: list[Pointed]
    ) -> None:
        linked = [*last, *page]
        if not last and self.found.has_named_range and page[0].number > self.found.start:
            self.found.gaps.append(range(self.found.start, page[0].number))
        self.found.gaps += gaps(linked)
        known: dict[int, tuple[Fault, ...]] = {}
        if pool is not None:
            asked = await ask_branch(pool, self.client, page, pool.budget)
            self.asked.left += asked.left
            self.asked.unanswered += asked.unanswered
            known |= asked.faults
        known |= link_faults(linked, known)
        self.newest = newest_run(linked)
        async for verdicts in judging.verdicts(page, known):
            self._take(verdicts)

    def _take(self, verdicts: list[Verdict]) -> None:
        self.found.add(verdicts)
        self.bad += [verdict for verdict in verdicts if verdict.is_broken]
        self.unwritten += verdicts
        if len(self.unwritten) >= _WRITTEN_AT_ONCE:
            self._write()
        self.progress.advance(len(verdicts), broken=self.found.broken)

    def _write(self) -> None:
        verdicts, self.unwritten = self.unwritten, []
        write_verdicts(self.client, self.found.chain, verdicts, self.run_id)

    async def _repair(self, pool: Pool, tags: Tags) -> None:
        found, bad = self.found, self.bad
        if found.holds:
            return
        await repair(pool, self.client, tags, found, bad, self.asked, self.progress)
        holes = found.holes
        found.gaps = [gap for gap in found.gaps if gap not in holes]
        self.bad, self.asked = [], Asked()
        found.replace([], bad)
        numbers = [verdict.number for verdict in bad]
        await self._look_again(pool, numbers)
        for hole in holes:
            await self._look_at_hole(pool, hole)
        still = {verdict.number for verdict in self.bad}
        found.repaired = len(set(numbers) - still)

    async def _look_again(self, pool: Pool, numbers: Sequence[int]) -> None:
        for first in range(0, len(numbers), _WRITTEN_AT_ONCE):
            part = sorted(numbers[first : first + _WRITTEN_AT_ONCE])
            around = {n for number in part for n in (number - 1, number, number + 1)} - {-1}
            stored = await asyncio.to_thread(
                pointers_at, self.client, self.found.chain, sorted(around)
            )
            await self._judge_again(pool, [p for p in stored if p.number in set(part)], stored)

    async def _look_at_hole(self, pool: Pool, hole: range) -> None:
        last: list[Pointed] = []
        for page in pages(self.client, self.found.chain, hole.start, hole.stop):
            self.found.gaps += gaps([*last, *page])
            await self._judge_again(pool, page, [*last, *page])
            if not last and page[0].number > hole.start:
                self.found.gaps.append(range(hole.start, page[0].number))
            last = page[-1:]
        first = last[0].number + 1 if last else hole.start
        if first < hole.stop:
            self.found.gaps.append(range(first, hole.stop))

    async def _judge_again(
        self, pool: Pool, pointers: list[Pointed], linked: list[Pointed]
    ) -> None:
        known = dict((await ask_branch(pool, self.client, pointers)).faults)
        known |= link_faults(linked, known)
        judging = Judging(self.client, self.found.chain, len(pointers))
        try:
            async for verdicts in judging.verdicts(pointers, known):
                self._take(verdicts)
        finally:
            judging.close()
            self._write()


def _range(client: Client, scope: Scope, chain: str) -> tuple[int, int]:
    if scope.blocks:
        return scope.blocks
    if scope.days:
        return range_of_days(client, chain, *scope.days)
    return landed_range(client, chain)


def _edges(found: Verified, last: Sequence[Pointed]) -> list[range]:
    """What is missing at the end of a range that was asked for."""
    beyond = last[0].number + 1 if last else found.start
    return [range(beyond, found.end)] if found.has_named_range and beyond < found.end else []


def _count(client: Client, found: Verified) -> int:
    ((count,),) = client.query(
        "select count() from meta.canonical_blocks final where chain = {chain:String}"
        " and block_number >= {start:UInt64} and block_number < {end:UInt64}",
        parameters={"chain": found.chain, "start": found.start, "end": found.end},
    ).result_rows
    return int(count)
