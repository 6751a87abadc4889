"""Changes of branch: find where the old one left, land the new one, point at it. No deletes.

A node that is behind or syncing is no reorg; a fork below finality stops the chain.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from extractors.evm.branch import agreed, hashes_at
from extractors.evm.parse import BlockFacts
from extractors.evm.pointers import Pointer, highest_pointer, read_pointers
from extractors.evm.pool import Pool
from oracul.errors import ForkBelowFinality
from oracul.times import utc_now
from oracul.warehouse import Client

_STEP = 16
BeforePointers = Callable[[Sequence[BlockFacts]], None]
LandNumbers = Callable[[Sequence[int], BeforePointers], Awaitable[dict[int, str]]]


@dataclass(frozen=True)
class Fork:
    """Pointers that the nodes no longer confirm, in order of number, and the hash that most nodes
    name instead of each.
    """

    stale: tuple[Pointer, ...]
    named: tuple[str, ...]

    @property
    def is_below_finality(self) -> bool:
        """True when a block that was final is contradicted."""
        return any(p.finality == "finalized" for p in self.stale)


@dataclass(frozen=True)
class Change:
    """What `meta.reorgs` tells: the last shared block, how many blocks above it were replaced, and
    at the height of the highest of them the old hash and the new one. `old_version` is that of the
    pointer to the old hash, which names the occasion: a branch can come back and leave again.
    """

    fork_number: int
    depth: int
    old_head: str
    new_head: str
    old_version: int


def change_of(stale: Sequence[Pointer], new: Mapping[int, str]) -> Change | None:
    """What really changes when the hashes of `new` take the place of pointers; None for nothing."""
    replaced = [p for p in stale if new.get(p.number, p.hash) != p.hash]
    if not replaced:
        return None
    low, high = replaced[0], replaced[-1]
    fork_number = max(low.number - 1, 0)
    return Change(fork_number, len(replaced), high.hash, new[high.number], high.version)


async def find_fork(pool: Pool, client: Client, start: int) -> Fork | None:
    """Pointers around height `start` that the nodes contradict; None when they confirm it.

    None as well while every node is syncing, and while the nodes do not name another block for each
    of the linked pointers above `start`: a branch that is shorter than ours is not followed yet. A
    fork below finality is found in any case.
    """
    if all(endpoint.is_syncing for endpoint in pool.usable):
        return None
    stale: dict[int, tuple[Pointer, str]] = {}
    above: Pointer | None = None
    for direction in (-1, 1):
        number, step = start, 1
        while True:
            span = [n for n in range(number, number + direction * step, direction) if n >= 0]
            pointers, found = await _stale_of(pool, client, span)
            ended = [n for n in span if n not in found]
            for n in span[: span.index(ended[0])] if ended else span:
                stale[n] = pointers[n], found[n]
            if ended or not span:
                above = pointers.get(ended[0]) if ended else None
                break
            number += direction * step
            step = min(step * 2, _STEP)
    if not stale:
        return None
    numbers = sorted(stale)
    fork = Fork(tuple(stale[n][0] for n in numbers), tuple(stale[n][1] for n in numbers))
    if above is not None and above.parent_hash == fork.stale[-1].hash:
        return fork if fork.is_below_finality else None
    return fork


async def _stale_of(
    pool: Pool, client: Client, numbers: Sequence[int]
) -> tuple[dict[int, Pointer], dict[int, str]]:
    """The pointers of these numbers, and of the contradicted ones the hash that is named instead"""
    pointers = await asyncio.to_thread(read_pointers, client, pool.chain.chain, numbers)
    if not pointers:
        return {}, {}
    hashes = await hashes_at(pool, sorted(pointers))
    named = ((n, agreed(hashes[n])) for n in pointers)
    return pointers, {n: h for n, h in named if h is not None and h != pointers[n].hash}


async def check_final(pool: Pool, client: Client) -> None:
    """Ask for the highest final block, before anything is changed: a branch that left below it may
    be seen first above a gap, where nothing links to it. Raises ForkBelowFinality.
    """
    final = await asyncio.to_thread(highest_pointer, client, pool.chain.chain, "finalized")
    fork = await find_fork(pool, client, final.number) if final is not None else None
    if fork is not None and fork.is_below_finality:
        await _halt(pool, client, fork)


async def follow_fork(
    pool: Pool, client: Client, fork: Fork, land_numbers: LandNumbers
) -> tuple[bool, dict[int, str]]:
    """Replace the stale pointers by the new branch, all or nothing, and record it.

    `land_numbers` fetches, proves and lands blocks by number, calls its second argument right
    before it sets their pointers, and returns those it could not land, with reasons. Returns
    whether anything changed (the nodes may have gone back to our branch meanwhile), and those
    reasons: with any, the old pointers stay. Raises ForkBelowFinality.
    """
    if fork.is_below_finality:
        await _halt(pool, client, fork)
    changes: list[Change] = []

    def record(facts: Sequence[BlockFacts]) -> None:
        # Before the pointers: once they are set, a run that was killed finds no fork to tell of.
        change = change_of(fork.stale, {f.number: f.hash for f in facts})
        if change is not None:
            _record(client, pool.chain.chain, change, "followed")
            changes.append(change)

    missing = await land_numbers([p.number for p in fork.stale], record)
    return bool(changes), missing


async def _halt(pool: Pool, client: Client, fork: Fork) -> None:
    chain, low = pool.chain.chain, fork.stale[0].number
    change = change_of(
        fork.stale, {p.number: h for p, h in zip(fork.stale, fork.named, strict=True)}
    )
    if change is not None:
        await asyncio.to_thread(_record, client, chain, change, "halted")
    raise ForkBelowFinality(
        f"{chain}: the nodes contradict block {low}, which was final "
        f"({len(fork.stale)} blocks). Nothing was changed.",
        hint="Either every endpoint lies or the chain broke its promise. Compare with another "
        "provider before you go on (docs/runbooks/fork-below-finality.md).",
    )


def _record(client: Client, chain: str, change: Change, outcome: str) -> None:
    """Tell a change; told again, by a worker beside us or after a crash, it is the same row."""
    at = _recorded_at(client, chain, change, outcome) or utc_now()
    row = {
        "chain": chain,
        "fork_block_number": change.fork_number,
        "depth": change.depth,
        "old_head_hash": change.old_head,
        "new_head_hash": change.new_head,
        "old_version": change.old_version,
        "detected_at": at,
        "outcome": outcome,
    }
    client.insert("reorgs", [list(row.values())], database="meta", column_names=list(row))


def _recorded_at(client: Client, chain: str, change: Change, outcome: str) -> datetime | None:
    """When this occasion was recorded first, if it was."""
    rows = client.query(
        "select min(detected_at) from meta.reorgs"
        " where chain = {chain:String} and old_head_hash = {old:String}"
        " and old_version = {version:UInt64} and outcome = {outcome:String} having count() > 0",
        parameters={
            "chain": chain,
            "old": change.old_head,
            "version": change.old_version,
            "outcome": outcome,
        },
    ).result_rows
    return rows[0][0] if rows else None
