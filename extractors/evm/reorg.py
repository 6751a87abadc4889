"""Changes of branch: find where the old one left, land the new one, point at it. No deletes.

A node that is behind or syncing is no reorg; a fork below finality stops the chain.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from extractors.evm.branch import hashes_at, is_stale
from extractors.evm.parse import BlockFacts
from extractors.evm.pointers import Pointer, read_pointers
from extractors.evm.pool import Pool
from oracul.errors import ForkBelowFinality, SourceError
from oracul.times import utc_now
from oracul.warehouse import Client

_STEP = 16
BeforePointers = Callable[[Sequence[BlockFacts]], None]
LandNumbers = Callable[[Sequence[int], BeforePointers], Awaitable[dict[int, str]]]


@dataclass(frozen=True)
class Fork:
    """Pointers that the nodes no longer confirm, in order of number. `number` is the last shared
    block, one below the lowest of them.
    """

    stale: tuple[Pointer, ...]

    @property
    def number(self) -> int:
        """The last block both branches share."""
        return self.stale[0].number - 1

    @property
    def is_below_finality(self) -> bool:
        """True when a block that was final is contradicted."""
        return any(p.finality == "finalized" for p in self.stale)


async def find_fork(pool: Pool, client: Client, start: int) -> Fork | None:
    """Pointers around height `start` that the nodes contradict; None when they confirm it."""
    stale: dict[int, Pointer] = {}
    for direction in (-1, 1):
        number, step = start, 1
        while True:
            span = [n for n in range(number, number + direction * step, direction) if n >= 0]
            found = await _stale_of(pool, client, span)
            ended = [n for n in span if n not in found]
            for n in span[: span.index(ended[0])] if ended else span:
                stale[n] = found[n]
            if ended or not span:
                break
            number += direction * step
            step = min(step * 2, _STEP)
    return Fork(tuple(stale[n] for n in sorted(stale))) if stale else None


async def _stale_of(pool: Pool, client: Client, numbers: Sequence[int]) -> dict[int, Pointer]:
    pointers = await asyncio.to_thread(read_pointers, client, pool.chain.chain, numbers)
    if not pointers:
        return {}
    hashes = await hashes_at(pool, sorted(pointers))
    return {n: p for n, p in pointers.items() if is_stale(p.hash, hashes[n])}


async def follow_fork(pool: Pool, client: Client, fork: Fork, land_numbers: LandNumbers) -> None:
    """Replace the stale pointers by the new branch, all or nothing, and record it.

    `land_numbers` fetches, proves and lands blocks by number, calls its second argument right
    before it sets their pointers, and returns those it could not land, with reasons. Raises
    ForkBelowFinality, or SourceError when the new branch cannot be proven; then the old pointers
    stay.
    """
    chain = pool.chain.chain
    numbers = [p.number for p in fork.stale]
    if fork.is_below_finality:
        await asyncio.to_thread(_record, client, chain, fork, "", "halted")
        raise ForkBelowFinality(
            f"{chain}: the nodes contradict block {numbers[0]}, which was final "
            f"({len(numbers)} blocks). Nothing was changed.",
            hint="Either every endpoint lies or the chain broke its promise. Compare with another "
            "provider before you go on (docs/runbooks/fork-below-finality.md).",
        )

    def record(facts: Sequence[BlockFacts]) -> None:
        # Before the pointers: once they are set, a run that was killed finds no fork to tell of.
        new_head = next(f.hash for f in facts if f.number == numbers[-1])
        _record(client, chain, fork, new_head, "followed")

    missing = await land_numbers(numbers, record)
    if missing:
        number, reason = next(iter(missing.items()))
        raise SourceError(
            f"{chain}: block {number} of the new branch could not be proven: {reason}. "
            "The old branch stays.",
            hint="Run the same command again, or add another RPC URL.",
        )


def _record(client: Client, chain: str, fork: Fork, new_head: str, outcome: str) -> None:
    client.insert(
        "reorgs",
        [
            [
                chain,
                max(fork.number, 0),
                len(fork.stale),
                fork.stale[-1].hash,
                new_head,
                utc_now(),
                outcome,
            ]
        ],
        database="meta",
        column_names=[
            "chain",
            "fork_block_number",
            "depth",
            "old_head_hash",
            "new_head_hash",
            "detected_at",
            "outcome",
        ],
    )
