"""The shell of the chain extractor: which blocks are missing → fetch, prove, land, report."""

import asyncio
import time
from collections.abc import Sequence

from extractors.evm.budget import BACKFILL, Flow
from extractors.evm.fetch import Fetch
from extractors.evm.finality import Tags, combine, heads_apart, in_sync, read_claims
from extractors.evm.gaps import missing_ranges, newest_first
from extractors.evm.lander import Lander
from extractors.evm.pool import Pool, open_pool
from extractors.evm.promotion import raise_finality
from extractors.evm.reorg import check_final
from extractors.evm.report import Extracted
from extractors.evm.tips import record_tip
from extractors.evm.work import Work
from extractors.evm.workers import Parser, calling_on_interrupt
from oracul.chains import get_chain
from oracul.errors import BudgetSpent, ConfigError
from oracul.log import get_logger
from oracul.progress import Progress, Silent
from oracul.settings import Settings
from oracul.warehouse import Client


def extract_range(
    settings: Settings,
    client: Client,
    chain: str,
    start: int,
    end: int,
    *,
    run_id: str,
    flow: Flow = "ingest_chain",
    progress: Progress | None = None,
) -> Extracted:
    """Land the blocks of [start, end) that are not there yet, newest first.

    Running it twice leaves the same rows. Ctrl-C lands the blocks in hand, then raises
    KeyboardInterrupt; the same call goes on from there. What no endpoint can prove stays a gap.
    Where the day's request budget ends it, what is in hand is landed; live ingest says so in the
    report, a backfill (`flow`) raises BudgetSpent, and the same call goes on the next day.

    Raises ConfigError (unknown chain, no URL, reversed or future range, wrong chain id),
    SourceError when no endpoint answers until the deadline or the chain forked below finality,
    LandingMismatch and other WarehouseErrors.
    """
    spec = get_chain(chain)
    refuse_no_range(start, end)

    async def run() -> Extracted:
        async with open_pool(settings, spec, client, flow) as pool:
            claims = await read_claims(pool)
            newest_head = max(c.latest for c in in_sync(claims))
            refuse_future(chain, end, newest_head)
            tags = combine(claims, spec.finality_depth)
            extracted = Extracted(chain, start, end, heads_apart=heads_apart(claims))
            await check_final(pool, client)
            await land_missing(pool, client, tags, extracted, progress=progress)
            return extracted

    try:
        extracted = asyncio.run(run())
    except BudgetSpent as error:
        extracted = Extracted(chain, start, end, spent=error)
    finished(extracted, run_id)
    if extracted.spent and flow == BACKFILL:
        raise extracted.for_today(extracted.spent)
    return extracted


def refuse_no_range(start: int, end: int) -> None:
    """Raise ConfigError when [start, end) holds no block."""
    if start < 0 or end <= start:
        raise ConfigError(
            f"Blocks {start}:{end} are no range.",
            hint="Write first:last+1, as in Python: 100:200 is blocks 100 to 199.",
        )


def refuse_future(chain: str, end: int, head: int) -> None:
    """Raise ConfigError when a range that ends before `end` goes beyond the newest block."""
    if end - 1 > head:
        raise ConfigError(
            f"Block {end - 1} of {chain} does not exist yet; the newest is {head}.",
            hint=f"Ask for blocks up to {head + 1} (the end is not included).",
        )


async def land_missing(
    pool: Pool,
    client: Client,
    tags: Tags,
    extracted: Extracted,
    *,
    progress: Progress | None = None,
    limit: int | None = None,
    wants_proof: bool = True,
    parser: Parser | None = None,
) -> None:
    """Fetch and land what has no pointer in [extracted.start, extracted.end), at most `limit`.

    `wants_proof=False` exists to measure what proof costs; no command offers it, and the blocks
    carry an empty `proof`. `parser` None = worker processes when they pay.
    """
    chain, began = pool.chain.chain, time.monotonic()
    await asyncio.to_thread(record_tip, client, chain, tags)
    gaps = await asyncio.to_thread(missing_ranges, client, chain, extracted.start, extracted.end)
    missing = sum(map(len, gaps))
    gaps = newest(gaps, limit)
    total = sum(map(len, gaps))
    extracted.already_there = extracted.end - extracted.start - missing
    progress = progress or Silent()
    if total:
        progress.start(f"{chain} blocks", total, "blocks")
        lander = Lander(pool, client, tags, extracted, progress)
        parser = parser or Parser(total)
        work = Work(newest_first(gaps))
        fetch = Fetch(pool, work, lander.put, lander.refuse, parser, wants_proof, pool.budget)
        try:
            await _run(fetch, lander)
            extracted.spent = fetch.spent
            extracted.gaps.update(fetch.work.given_up)
            extracted.gaps.update(await lander.land_disputed())
        finally:
            parser.close()
            progress.finish()
    await raise_finality(pool, client, tags)
    extracted.set_aside = {e.name: e.set_aside for e in pool.endpoints if e.set_aside}
    extracted.requests = sum(e.traffic.requests for e in pool.endpoints)
    extracted.received_bytes = sum(e.traffic.received_bytes for e in pool.endpoints)
    extracted.duration_seconds += time.monotonic() - began


async def _run(fetch: Fetch, lander: Lander) -> None:
    """Fetch and land at once. What was fetched is landed even when fetching fails."""

    def stop() -> None:
        lander.extracted.is_interrupted = True
        fetch.stop()

    with calling_on_interrupt(stop):
        landing = asyncio.create_task(lander.run())
        fetching = asyncio.create_task(fetch.run())
        await asyncio.wait({landing, fetching}, return_when=asyncio.FIRST_COMPLETED)
        if landing.done():  # it ends before fetching only by failing
            fetching.cancel()
            await asyncio.wait({fetching})
            await landing
        # The queue may be full and the landing may fail meanwhile: nobody would empty it.
        ending = asyncio.create_task(lander.finish())
        await asyncio.wait({landing, ending}, return_when=asyncio.FIRST_COMPLETED)
        if landing.done():
            ending.cancel()
        await landing
        await fetching


def newest(gaps: Sequence[range], limit: int | None) -> list[range]:
    """The newest `limit` blocks of gaps that are sorted newest first; None = all."""
    if limit is None:
        return list(gaps)
    taken: list[range] = []
    for gap in gaps:
        size = min(len(gap), limit - sum(map(len, taken)))
        if size > 0:
            taken.append(range(gap.stop - size, gap.stop))
    return taken


def finished(extracted: Extracted, run_id: str) -> Extracted:
    """Log the run; raise KeyboardInterrupt where it was stopped, now that all in hand is landed."""
    get_logger().info(
        "blocks_landed",
        run_id=run_id,
        chain=extracted.chain,
        from_block=extracted.start,
        to_block=extracted.end,
        blocks=extracted.blocks,
        rows=extracted.rows.total(),
        gaps=len(extracted.gaps),
        rejected=extracted.rejected,
        duration_ms=round(extracted.duration_seconds * 1000),
    )
    if extracted.is_interrupted:
        raise KeyboardInterrupt(extracted.sentence)
    return extracted
