"""Asking the nodes whether the stored branch is theirs: the top of each run, then down from it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from extractors.evm.branch import agreed, hashes_at, is_stale
from extractors.evm.budget import Budget
from extractors.evm.pool import Pool
from extractors.evm.verify.links import tops
from extractors.evm.verify.stored import pointers_at
from extractors.evm.verify.verdict import BRANCH, POINTERS, Fault, Pointed
from oracul.warehouse import Client

_ASKED_AT_ONCE = 50
_STEP = 64


@dataclass
class Asked:
    """What the nodes said of some pointers.

    `left` are the runs of pointers that they contradict, each in order of number; `unanswered`
    counts runs that no node confirms or contradicts, being behind or of several minds.
    """

    faults: dict[int, tuple[Fault, ...]] = field(default_factory=dict)
    left: list[list[Pointed]] = field(default_factory=list)
    confirmed: int = 0
    unanswered: int = 0


async def ask_branch(
    pool: Pool, client: Client, pointers: Sequence[Pointed], budget: Budget | None = None
) -> Asked:
    """Compare the pointers with the nodes' chain.

    Raises SourceError when no node answers, BudgetSpent where the `budget` ends (None = never).
    """
    asked = Asked()
    runs = tops(pointers)
    for first in range(0, len(runs), _ASKED_AT_ONCE):
        part = runs[first : first + _ASKED_AT_ONCE]
        _check(pool, budget)
        hashes = await hashes_at(pool, [top.number for top in part])
        for top in part:
            if agreed(hashes[top.number]) == top.hash:
                asked.confirmed += 1
            elif not is_stale(top.hash, hashes[top.number]):
                asked.unanswered += 1
            elif top.number not in asked.faults:
                await _walk_down(pool, client, top.number, asked, budget)
    return asked


def _check(pool: Pool, budget: Budget | None) -> None:
    if budget is not None:
        budget.check(len(pool.usable))


async def _walk_down(
    pool: Pool, client: Client, number: int, asked: Asked, budget: Budget | None
) -> None:
    """From a contradicted pointer down to the first that is not: parents may be the nodes' own."""
    left: list[Pointed] = []
    while number >= 0:
        _check(pool, budget)
        span = range(max(number - _STEP + 1, 0), number + 1)
        chain = pool.chain.chain
        stored = await asyncio.to_thread(pointers_at, client, chain, list(span))
        found = {pointer.number: pointer for pointer in stored}
        hashes = await hashes_at(pool, sorted(found)) if found else {}
        for n in reversed(span):
            if n not in found or not is_stale(found[n].hash, hashes[n]):
                number = -1
                break
            left.append(found[n])
            named = agreed(hashes[n])
            fault = Fault(POINTERS, BRANCH, f"it is {found[n].hash}, the nodes' block is {named}")
            asked.faults[n] = (fault,)
        else:
            number = span.start - 1
    asked.left.append(left[::-1])


async def is_confirmed(pool: Pool, pointer: Pointed) -> bool:
    """True when more than half of the nodes name this pointer's hash at its height."""
    hashes = await hashes_at(pool, [pointer.number])
    return agreed(hashes[pointer.number]) == pointer.hash
