"""Bringing pointers up to what is final by now, once the endpoints confirm them again.

A block landed near the head may have been orphaned since, and nobody looked: before its pointer is
called final, the top of each run of linked pointers is asked for; the links vouch for the rest.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from extractors.evm.branch import agreed, hashes_at, is_stale
from extractors.evm.finality import Tags
from extractors.evm.pool import Pool
from oracul.times import utc_now
from oracul.warehouse import Client

_ASKED_AT_ONCE = 50
_WAITING = (
    " chain = {chain:String} and ("
    "(toInt64(block_number) <= {finalized:Int64} and finality != 'finalized')"
    " or (toInt64(block_number) <= {safe:Int64} and finality = 'latest'))"
)
# A run starts where the pointer before is not the parent.
_RUNS = f"""
    select min(block_number), max(block_number), argMax(block_hash, block_number)
    from (
        select block_number, block_hash, sum(is_start) over (order by block_number) as run
        from (
            select
                block_number,
                block_hash,
                lagInFrame(block_hash, 1, '') over (
                    order by block_number rows between unbounded preceding and current row
                ) != parent_hash as is_start
            from meta.canonical_blocks final
            where {_WAITING}
        )
    )
    group by run
    order by 1
"""
# One above the pointer that is raised: it never outbids a new branch that another run points to.
_RAISE = f"""
    insert into meta.canonical_blocks
        (chain, block_number, block_hash, parent_hash, block_timestamp, finality, version,
        committed_at)
    select
        chain, block_number, block_hash, parent_hash, block_timestamp,
        if(toInt64(block_number) <= {{finalized:Int64}}, 'finalized', 'safe'),
        version + 1, {{now:DateTime64(3)}}
    from meta.canonical_blocks final
    where {_WAITING} and arrayExists(
        (low, high) -> block_number between low and high,
        {{lows:Array(UInt64)}}, {{highs:Array(UInt64)}}
    )
"""


@dataclass(frozen=True)
class Run:
    """Linked pointers `low`..`high` that could be raised; `top_hash` is that of `high`."""

    low: int
    high: int
    top_hash: str


@dataclass(frozen=True)
class Verdicts:
    """What the endpoints say of the runs; one about which they disagree is in neither."""

    confirmed: tuple[Run, ...]
    stale: tuple[Run, ...]


async def judge_runs(pool: Pool, client: Client, tags: Tags) -> Verdicts:
    """Ask the endpoints for the top of every run of pointers that the tags would raise."""
    runs = await asyncio.to_thread(_waiting_runs, client, pool.chain.chain, tags)
    confirmed, stale = [], []
    for first in range(0, len(runs), _ASKED_AT_ONCE):
        part = runs[first : first + _ASKED_AT_ONCE]
        hashes = await hashes_at(pool, [run.high for run in part])
        confirmed += [run for run in part if agreed(hashes[run.high]) == run.top_hash]
        stale += [run for run in part if is_stale(run.top_hash, hashes[run.high])]
    return Verdicts(tuple(confirmed), tuple(stale))


async def raise_finality(pool: Pool, client: Client, tags: Tags) -> None:
    """Bring confirmed pointers up to the tags, never down. The others wait for the next run."""
    verdicts = await judge_runs(pool, client, tags)
    if verdicts.confirmed:
        await asyncio.to_thread(_raise, client, pool.chain.chain, tags, verdicts.confirmed)


def _waiting_runs(client: Client, chain: str, tags: Tags) -> list[Run]:
    parameters = {"chain": chain, "finalized": tags.finalized, "safe": tags.safe}
    return [Run(*row) for row in client.query(_RUNS, parameters=parameters).result_rows]


def _raise(client: Client, chain: str, tags: Tags, runs: Sequence[Run]) -> None:
    client.command(
        _RAISE,
        parameters={
            "chain": chain,
            "finalized": tags.finalized,
            "safe": tags.safe,
            "now": utc_now(),
            "lows": [run.low for run in runs],
            "highs": [run.high for run in runs],
        },
    )
