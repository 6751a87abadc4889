"""Landing again what does not hold, by the code that lands: fetch, prove, insert, read back, point.

Nothing is taken away before its replacement is proven and stored: the new rows go in first, then
older copies of these blocks go, then the pointers are written. A crash in between leaves more rows
than there should be, never fewer, and the next verification finds them.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa

from extractors.evm.branch import broken_links, hashes_at
from extractors.evm.columns import TABLES
from extractors.evm.extract import land_missing
from extractors.evm.finality import Tags
from extractors.evm.lander import Lander
from extractors.evm.landing import check_landed, insert_facts, without
from extractors.evm.parse import BlockFacts, Parsed
from extractors.evm.pointers import Pointer, read_pointers, write_pointers
from extractors.evm.pool import Pool
from extractors.evm.proof import prove_header
from extractors.evm.report import Extracted
from extractors.evm.verify.asking import Asked, is_confirmed
from extractors.evm.verify.report import Verified, numbers_text
from extractors.evm.verify.rows import block_struct
from extractors.evm.verify.stored import pointers_at
from extractors.evm.verify.verdict import BRANCH, Pointed, Verdict
from extractors.evm.work import Work
from oracul.errors import ForkBelowFinality, ProofFailed
from oracul.progress import Progress
from oracul.times import from_epoch, utc_now
from oracul.units import plural
from oracul.warehouse import Client

_AT_ONCE = 100
_OLDER = (
    "delete from raw.{table} where chain = {{chain:String}}"
    " and block_number in {{numbers:Array(UInt64)}} and ingested_at != {{now:DateTime64(3)}}"
    " and (block_hash in {{hashes:Array(String)}}"
    " or block_hash not in (select block_hash from raw.blocks where chain = {{chain:String}}"
    " and block_number in {{numbers:Array(UInt64)}}))"
)
# What was modelled from the damaged rows: the pointers may be the same, so the days are told apart
# by not being booked any more. Tables by week are booked on Mondays.
_UNBOOK = (
    "delete from meta.built_days where block_date in {days:Array(Date)}"
    " or block_date in (select toMonday(day) from"
    " (select arrayJoin({days:Array(Date)}) as day))"
)
_OTHERS = """
    select * except (chain, ingested_at)
        replace (toUnixTimestamp(block_timestamp) as block_timestamp)
    from raw.blocks final
    where chain = {chain:String} and block_number in {numbers:Array(UInt64)}
        and block_hash not in {hashes:Array(String)}
"""
_FORGED = (
    "delete from raw.blocks where chain = {chain:String}"
    " and block_number in {numbers:Array(UInt64)} and block_hash in {forged:Array(String)}"
)
_POINTERS = (
    "delete from meta.canonical_blocks where chain = {chain:String}"
    " and block_number in {numbers:Array(UInt64)}"
)


async def repair(
    pool: Pool,
    client: Client,
    tags: Tags,
    found: Verified,
    bad: Sequence[Verdict],
    asked: Asked,
    progress: Progress,
) -> None:
    """Land again what is broken or missing; what could not be is added to `found.notes`.

    Verifying again is left to the caller. Raises SourceError when no endpoint answers.
    """
    extracted = Extracted(found.chain, found.start, found.end)
    lander = Lander(pool, client, tags, extracted)
    numbers = {verdict.number for verdict in bad}
    for left in asked.left:
        if await _is_other_branch(pool, client, left, bad):
            numbers -= {pointer.number for pointer in left}
            await _follow(lander, left[-1].number, found)
    beyond = {n for n in numbers if n > tags.latest}
    await _forget(pool, client, tags, found, sorted(beyond))
    again = sorted(numbers - beyond, reverse=True)
    progress.start(f"{found.chain} repair", len(again), "blocks")
    for first in range(0, len(again), _AT_ONCE):
        if pool.budget is not None and pool.budget.is_spent():
            rest = plural(len(again) - first, "block")
            found.notes.append(f"{rest} not repaired: the request budget of today is spent")
            break
        part = again[first : first + _AT_ONCE]
        await _land_again(lander, client, part, set(again), found)
        progress.advance(len(part))
    progress.finish()
    for hole in found.holes:
        filling = Extracted(found.chain, hole.start, min(hole.stop, tags.latest + 1))
        if filling.start < filling.end:
            await land_missing(pool, client, tags, filling, progress=progress)
            found.filled += filling.blocks
            if filling.spent:
                found.notes.append(filling.spent.message.rstrip("."))


async def _is_other_branch(
    pool: Pool, client: Client, left: Sequence[Pointed], bad: Sequence[Verdict]
) -> bool:
    """True for a branch of its own, to be followed by the rules of a reorg (never below finality).

    False where the pointers are plainly wrong: the nodes confirm the pointer above them, which
    commits to its ancestors, or a pointer names no block that is stored whole.
    """
    above = await asyncio.to_thread(pointers_at, client, pool.chain.chain, [left[-1].number + 1])
    if above and await is_confirmed(pool, above[0]):
        return False
    numbers = {pointer.number for pointer in left}
    return all(
        fault.check == BRANCH
        for verdict in bad
        if verdict.number in numbers
        for fault in verdict.faults
    )


async def _follow(lander: Lander, number: int, found: Verified) -> None:
    try:
        await lander.follow_fork_at(number)
    except ForkBelowFinality as halt:
        found.notes.append(f"not repaired: {halt.message}")


async def _forget(
    pool: Pool, client: Client, tags: Tags, found: Verified, numbers: list[int]
) -> None:
    """Drop pointers above the head that no node knows: there is nothing to land in their place."""
    if not numbers:
        return
    # That they know the block below is the proof that they answered at all: silence is no null.
    named = await hashes_at(pool, [*numbers, tags.latest])
    unknown = [n for n in numbers if not named[n]] if named[tags.latest] else []
    if unknown:
        parameters = {"chain": found.chain, "numbers": unknown}
        await asyncio.to_thread(client.command, _POINTERS, parameters)
        found.notes.append(f"pointers above the head were dropped: {numbers_text(unknown)}")


async def _land_again(
    lander: Lander, client: Client, numbers: Sequence[int], broken: set[int], found: Verified
) -> None:
    work = Work.again_without(dict.fromkeys(numbers, ""))
    collected, missing = await lander.fetch_agreed(work)
    facts = [fact for part in collected for fact in part.facts]
    around = {n for f in facts for n in (f.number - 1, f.number + 1)} - broken - {-1}
    pointers = await asyncio.to_thread(read_pointers, client, found.chain, around)
    unfit = {n for pair in broken_links(facts, pointers) for n in pair}
    missing |= dict.fromkeys(
        unfit & {f.number for f in facts}, "the nodes' block does not link to what is stored"
    )
    fitting = [without(part, unfit) for part in collected] if unfit else collected
    fitting = [part for part in fitting if part.facts]
    if fitting:
        await asyncio.to_thread(_replace, client, found.chain, fitting, lander.tags)
    if missing:
        number, reason = next(iter(missing.items()))
        found.notes.append(f"not repaired: {numbers_text(sorted(missing))} ({number}: {reason})")


def _replace(client: Client, chain: str, parsed: Sequence[Parsed], tags: Tags) -> None:
    """Insert, remove older copies, read back, point; and have the days modelled again."""
    now = utc_now()
    now = now.replace(microsecond=now.microsecond // 1000 * 1000)
    facts = [fact for part in parsed for fact in part.facts]
    insert_facts(client, parsed, now)
    _remove_older(client, chain, facts, now)
    check_landed(client, chain, facts)
    pointers = [
        Pointer(f.number, f.hash, f.parent_hash, f.timestamp, tags.of(f.number)) for f in facts
    ]
    write_pointers(client, chain, pointers)
    days = sorted({from_epoch(fact.timestamp).date() for fact in facts})
    client.command(_UNBOOK, parameters={"days": days})


def _remove_older(client: Client, chain: str, facts: Sequence[BlockFacts], now: datetime) -> None:
    """Rows of these blocks that were not inserted at `now`, and rows at their heights whose block
    is not stored: what is damaged may carry any key or time, so it is told by not being new.
    """
    parameters = {
        "chain": chain,
        "numbers": [f.number for f in facts],
        "hashes": [f.hash for f in facts],
        "now": now,
    }
    forged = _forged(client, parameters)
    if forged:
        client.command(_FORGED, parameters={**parameters, "forged": forged})
    for table in TABLES:
        client.command(_OLDER.format(table=table), parameters=parameters)


def _forged(client: Client, parameters: dict[str, Any]) -> list[str]:
    """Hashes at these heights that name no header: not a branch that lost, but damage."""
    stream = client.raw_query(_OTHERS, parameters=parameters, fmt="ArrowStream")
    found = []
    for row in pa.ipc.open_stream(stream).read_all().to_pylist():
        try:
            prove_header(block_struct(row, [], []))
        except (ProofFailed, ValueError):
            found.append(row["block_hash"])
    return found
