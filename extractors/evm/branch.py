"""Which branch counts: links between blocks, and what the endpoints say of a height.

Proof ties rows to a header; parent links tie headers to each other; the endpoints' agreement ties
the newest of them to the chain. The rules are pure; `hashes_at` asks.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from extractors.evm.endpoint import Endpoint
from extractors.evm.parse import BlockFacts
from extractors.evm.pointers import Pointer
from extractors.evm.pool import Pool
from extractors.evm.structs import AnyReply, BlockName
from oracul.errors import SourceError

# Heights beyond 60 bits are nobody's, and would not fit into the statements that take them.
_NUMBER = re.compile(r"0x[0-9a-fA-F]{1,15}")
_ASKED_AT_ONCE = 50
_HASH = re.compile(r"0x[0-9a-fA-F]{64}")
_name: msgspec.json.Decoder[BlockName | None] = msgspec.json.Decoder(BlockName | None)


def broken_links(
    facts: Sequence[BlockFacts], pointers: Mapping[int, Pointer]
) -> list[tuple[int, int]]:
    """Pairs (lower, upper) of neighbours whose hashes do not fit; unknown neighbours fit.

    A new block takes the place of a pointer of the same number.
    """
    new = {fact.number: fact for fact in facts}
    hashes = {n: p.hash for n, p in pointers.items()} | {n: f.hash for n, f in new.items()}
    parents = {n: p.parent_hash for n, p in pointers.items()}
    parents |= {n: f.parent_hash for n, f in new.items()}
    return [
        (number - 1, number)
        for number in sorted(parents)
        if number - 1 in hashes
        and hashes[number - 1] != parents[number]
        and (number in new or number - 1 in new)
    ]


def unanchored(facts: Sequence[BlockFacts], pointers: Mapping[int, Pointer]) -> list[int]:
    """Numbers of new blocks that no known block above links to: the tops of their runs."""
    known = {fact.number for fact in facts} | pointers.keys()
    return sorted(fact.number for fact in facts if fact.number + 1 not in known)


def agreed(hashes: Sequence[str]) -> str | None:
    """The hash that more than half of the answers name, or None."""
    if not hashes:
        return None
    winner, votes = Counter(hashes).most_common(1)[0]
    return winner if votes * 2 > len(hashes) else None


def contradicts(block_hash: str, hashes: Sequence[str]) -> bool:
    """True when the endpoints' answers for a height do not confirm this hash, for a new block.

    No answer at all contradicts nothing: a node that is behind says null.
    """
    return bool(hashes) and agreed(hashes) != block_hash


def is_stale(block_hash: str, hashes: Sequence[str]) -> bool:
    """True when more than half of the answers name another hash, for a block that is canonical."""
    return agreed(hashes) not in (None, block_hash)


async def hashes_at(pool: Pool, numbers: Sequence[int]) -> dict[int, list[str]]:
    """What every usable endpoint in sync names as the hash at each height; nulls left out."""
    named = await named_at(pool, numbers)
    return {number: list(by_endpoint.values()) for number, by_endpoint in named.items()}


async def named_at(pool: Pool, numbers: Sequence[int]) -> dict[int, dict[str, str]]:
    """As `hashes_at`, by the name of the endpoint."""
    endpoints = pool.usable
    asked = await asyncio.gather(
        *(_names(pool, e, numbers) for e in endpoints),
        return_exceptions=True,
    )
    found: dict[int, dict[str, str]] = {number: {} for number in numbers}
    for endpoint, names in zip(endpoints, asked, strict=True):
        if isinstance(names, BaseException):
            if not isinstance(names, SourceError):
                raise names
            continue
        for number, name in zip(numbers, names, strict=True):
            if name is not None and int(name.number, 16) == number:
                found[number][endpoint.name] = name.hash
    return found


async def _names(pool: Pool, endpoint: Endpoint, numbers: Sequence[int]) -> list[BlockName | None]:
    def read(replies: list[AnyReply]) -> list[BlockName | None]:
        return [block_name(reply.result) if reply.error is None else None for reply in replies]

    # Providers cap batches, and a refusal would pass for silence, which contradicts nothing.
    names: list[BlockName | None] = []
    for first in range(0, len(numbers), _ASKED_AT_ONCE):
        part = numbers[first : first + _ASKED_AT_ONCE]
        calls = [("eth_getBlockByNumber", [hex(n), False]) for n in part]
        names += await pool.insist(endpoint, calls, read)
    return names


def block_name(result: msgspec.Raw) -> BlockName | None:
    """Number, hash and parent of a block's JSON, digits in lower case; None for null and for
    anything else that names no block.
    """
    try:
        name = _name.decode(result)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if name is None or not _NUMBER.fullmatch(name.number):
        return None
    if not (_HASH.fullmatch(name.hash) and _HASH.fullmatch(name.parent_hash)):
        return None
    return BlockName(name.number, name.hash.lower(), name.parent_hash.lower())
