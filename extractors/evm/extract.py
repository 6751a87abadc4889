"""The shell of the chain extractor: which blocks are missing → fetch, prove, land, report."""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager, nullcontext
from multiprocessing import get_context
from typing import Any

from extractors.evm.endpoint import Endpoint
from extractors.evm.fetch import Fetch
from extractors.evm.finality import Tags, raise_finality, read_tags
from extractors.evm.gaps import missing_ranges, newest_first
from extractors.evm.landing import land
from extractors.evm.parse import Parsed, Refusal
from extractors.evm.pool import Pool, open_pool
from extractors.evm.report import Extracted, Progress
from extractors.evm.work import Work
from oracul.chains import get_chain
from oracul.errors import ConfigError
from oracul.log import get_logger
from oracul.settings import Settings
from oracul.warehouse import Client, RejectedRow, record_rejected

log = get_logger()

BLOCKS_A_LANDING = 100
WORTH_WORKERS = 64


def extract_range(
    settings: Settings,
    client: Client,
    chain: str,
    start: int,
    end: int,
    *,
    run_id: str,
    progress: Progress | None = None,
) -> Extracted:
    """Land the blocks of [start, end) that are not there yet, newest first.

    Running it twice leaves the same rows. Ctrl-C finishes the blocks in hand; `is_interrupted` and
    `summary()` say how to go on. Blocks that no endpoint can prove stay gaps (`gaps`).

    Raises ConfigError (unknown chain, no URL, reversed or future range, wrong chain id),
    SourceError when no endpoint answers until the deadline, LandingMismatch.
    """
    spec = get_chain(chain)
    if start < 0 or end <= start:
        raise ConfigError(
            f"Blocks {start}:{end} are no range.",
            hint="Write first:last+1, as in Python: 100:200 is blocks 100 to 199.",
        )

    async def run() -> Extracted:
        async with open_pool(settings, spec) as pool:
            tags = await read_tags(pool)
            if end - 1 > tags.latest:
                raise ConfigError(
                    f"Block {end - 1} of {chain} does not exist yet; the newest is {tags.latest}.",
                    hint=f"Ask for blocks up to {tags.latest + 1} (the end is not included).",
                )
            extracted = Extracted(chain, start, end)
            await land_missing(pool, client, tags, extracted, progress=progress)
            return extracted

    log.debug("extraction_started", chain=chain, start=start, end=end, run_id=run_id)
    return asyncio.run(run())


async def land_missing(
    pool: Pool,
    client: Client,
    tags: Tags,
    extracted: Extracted,
    *,
    progress: Progress | None = None,
    limit: int | None = None,
) -> None:
    """Fetch and land what has no pointer in [extracted.start, extracted.end), at most `limit`."""
    chain, began = pool.chain.chain, time.monotonic()
    gaps = await asyncio.to_thread(missing_ranges, client, chain, extracted.start, extracted.end)
    gaps = _newest(gaps, limit)
    total = sum(map(len, gaps))
    extracted.already_there = extracted.end - extracted.start - total
    if progress is not None:
        progress.started(chain, total)
    if total:
        with _workers(total) as executor:
            lander = Lander(client, chain, tags, extracted, progress)
            fetch = Fetch(pool, Work(newest_first(gaps)), lander.put, lander.refuse, executor)
            await _run(fetch, lander)
        extracted.gaps.update(fetch.work.given_up)
    await asyncio.to_thread(raise_finality, client, chain, tags)
    extracted.set_aside = {e.name: e.set_aside for e in pool.endpoints if e.set_aside}
    extracted.requests = sum(e.requests for e in pool.endpoints)
    extracted.received_bytes = sum(e.received_bytes for e in pool.endpoints)
    extracted.duration_seconds += time.monotonic() - began


async def _run(fetch: Fetch, lander: "Lander") -> None:
    with _stopping_on_interrupt(fetch, lander.extracted):
        landing = asyncio.create_task(lander.run())
        fetching = asyncio.create_task(fetch.run())
        try:
            await asyncio.wait({landing, fetching}, return_when=asyncio.FIRST_COMPLETED)
            if landing.done():
                await landing  # it only ends early by failing
            await fetching
        finally:
            fetching.cancel()
            await lander.finish()
            await landing


class Lander:
    """Collects proven blocks and lands about a hundred at a time, so that inserts stay few."""

    def __init__(
        self,
        client: Client,
        chain: str,
        tags: Tags,
        extracted: Extracted,
        progress: Progress | None,
    ) -> None:
        self.client, self.chain, self.tags = client, chain, tags
        self.extracted, self.progress = extracted, progress
        # Bounded: when the warehouse is slower than the nodes, fetching waits.
        self.queue: asyncio.Queue[Parsed | None] = asyncio.Queue(maxsize=BLOCKS_A_LANDING // 2)
        self.rejected: list[RejectedRow] = []

    async def put(self, parsed: Parsed) -> None:
        """Queue a proven batch."""
        await self.queue.put(parsed)

    async def finish(self) -> None:
        """Nothing more will come."""
        await self.queue.put(None)

    def refuse(self, endpoint: Endpoint, refusal: Refusal) -> None:
        """Remember an answer that was not believed; written with the next landing."""
        key = f"{self.chain}/{refusal.number}"
        self.rejected.append(
            RejectedRow(endpoint.name, "raw.blocks", key, refusal.reason, refusal.payload)
        )
        self.extracted.rejected += 1
        if self.progress is not None:
            self.progress.refused(endpoint.name, refusal.number, refusal.reason)

    async def run(self) -> None:
        """Land until `finish`. Raises LandingMismatch or WarehouseError."""
        waiting: list[Parsed] = []
        more = True
        while more:
            parsed = await self.queue.get()
            more = parsed is not None
            if parsed is not None:
                waiting.append(parsed)
            if not more or sum(len(p.facts) for p in waiting) >= BLOCKS_A_LANDING:
                await asyncio.to_thread(self._land, waiting)
                waiting = []

    def _land(self, parsed: Sequence[Parsed]) -> None:
        if self.rejected:
            rejected, self.rejected = self.rejected, []
            record_rejected(self.client, rejected)
        if not parsed:
            return
        rows = land(self.client, self.chain, parsed, self.tags.of)
        self.extracted.add([fact for part in parsed for fact in part.facts], rows)
        if self.progress is not None:
            share = min(self.extracted.proven_ratio[p] for p in ("header", "receipts"))
            self.progress.landed(self.extracted.blocks, self.extracted.rows.total(), share)


def _newest(gaps: Sequence[range], limit: int | None) -> list[range]:
    """The newest `limit` blocks of gaps that are sorted newest first."""
    if limit is None:
        return list(gaps)
    taken: list[range] = []
    for gap in gaps:
        size = min(len(gap), limit - sum(map(len, taken)))
        if size > 0:
            taken.append(range(gap.stop - size, gap.stop))
    return taken


@contextmanager
def _workers(blocks: int) -> Iterator[Executor | None]:
    """Processes to prove and parse in, when there is enough to do; they cost a second to start."""
    if blocks < WORTH_WORKERS:
        with nullcontext():
            yield None
        return
    executor = ProcessPoolExecutor(
        max_workers=max(1, min(os.cpu_count() or 1, 8)),
        mp_context=get_context("spawn"),
        initializer=_ignore_interrupt,
    )
    try:
        yield executor
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _ignore_interrupt() -> None:
    """Ctrl-C goes to the whole process group; only the parent decides what it means."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _stopping_on_interrupt(fetch: Fetch, extracted: Extracted) -> Iterator[None]:
    """First Ctrl-C: finish what is in hand. Second: the usual abrupt end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before: Any = signal.getsignal(signal.SIGINT)

    def stop(*_: object) -> None:
        extracted.is_interrupted = True
        fetch.stop()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, lambda *_: loop.call_soon_threadsafe(stop))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
