"""Keep up with a chain: reorgs first, then new blocks and gaps, newest first, then finality."""

import asyncio

from extractors.evm.extract import finished, land_missing
from extractors.evm.finality import combine, heads_apart, in_sync, read_claims
from extractors.evm.lander import Lander
from extractors.evm.pointers import highest_pointer
from extractors.evm.pool import open_pool
from extractors.evm.promotion import judge_runs
from extractors.evm.reorg import check_final
from extractors.evm.report import Extracted
from oracul.chains import ChainSpec, get_chain
from oracul.errors import BudgetSpent
from oracul.progress import Progress
from oracul.settings import Settings
from oracul.warehouse import Client

# A chain of slow blocks is followed this far back in any case.
AT_LEAST_BLOCKS = 10_000


def lowest_followed(head: int, days: int, spec: ChainSpec) -> int:
    """The lowest block that following fills: about `days` before the head; 0 days = block 0."""
    if not days:
        return 0
    return max(0, head + 1 - max(AT_LEAST_BLOCKS, round(days * 86_400 / spec.block_seconds)))


def follow(
    settings: Settings,
    client: Client,
    chain: str,
    *,
    run_id: str,
    limit: int | None = None,
    progress: Progress | None = None,
) -> Extracted:
    """One round: land at most `limit` missing blocks from the head back (None = all), no farther
    back than the chain's `follow_days`.

    Before it, a change of branch is followed: a new branch is new facts and new pointers, recorded
    in meta.reorgs. A node whose head is below ours is behind, not a reorg. Call it again for the
    next round. Raises as `extract_range`; a day's request budget that is spent is in the report.
    """
    spec = get_chain(chain)

    async def run() -> Extracted:
        async with open_pool(settings, spec, client, "ingest_chain") as pool:
            claims = await read_claims(pool)
            tags = combine(claims, spec.finality_depth)
            start = lowest_followed(tags.latest, settings.chains[chain].follow_days, spec)
            extracted = Extracted(chain, start, tags.latest + 1, heads_apart=heads_apart(claims))
            await check_final(pool, client)
            head = await asyncio.to_thread(highest_pointer, client, chain)
            lander = Lander(pool, client, tags, extracted, progress)
            if head is not None and tags.latest >= head.number:
                await lander.follow_fork_at(head.number)
            # Below a gap, the walk down from the head does not come by.
            for run in (await judge_runs(pool, client, tags)).stale:
                await lander.follow_fork_at(run.high)
            await land_missing(pool, client, tags, extracted, progress=progress, limit=limit)
            # A block that only the foremost node has yet is no gap; the next round brings it.
            behind = min(c.latest for c in in_sync(claims))
            extracted.gaps = {n: why for n, why in extracted.gaps.items() if n <= behind}
            return extracted

    try:
        extracted = asyncio.run(run())
    except BudgetSpent as error:
        extracted = Extracted(chain, 0, 0, spent=error)
    return finished(extracted, run_id)
