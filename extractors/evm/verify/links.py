"""What pointers say among themselves: links, runs and gaps. Pure."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from extractors.evm.verify.verdict import LINKED, POINTERS, Fault, Pointed


def broken_links(pointers: Sequence[Pointed]) -> list[tuple[Pointed, Pointed]]:
    """Neighbours (lower, upper) where the upper one names another parent."""
    return [
        (lower, upper)
        for lower, upper in pairwise(pointers)
        if lower.number + 1 == upper.number and lower.hash != upper.parent_hash
    ]


def gaps(pointers: Sequence[Pointed]) -> list[range]:
    """Runs of numbers between neighbours that have no pointer."""
    return [
        range(lower.number + 1, upper.number)
        for lower, upper in pairwise(pointers)
        if lower.number + 1 < upper.number
    ]


def tops(pointers: Sequence[Pointed]) -> list[Pointed]:
    """The highest pointer of each run of linked ones: a node's word on it covers the run."""
    ends = [
        lower
        for lower, upper in pairwise(pointers)
        if lower.number + 1 != upper.number or lower.hash != upper.parent_hash
    ]
    return [*ends, pointers[-1]] if pointers else []


def link_faults(
    pointers: Sequence[Pointed], contradicted: Mapping[int, tuple[Fault, ...]]
) -> dict[int, tuple[Fault, ...]]:
    """A fault at the upper block of each broken link, unless the nodes said which one is wrong."""
    return {
        upper.number: (Fault(POINTERS, LINKED, "its parent is not the block below"),)
        for lower, upper in broken_links(pointers)
        if lower.number not in contradicted and upper.number not in contradicted
    }
