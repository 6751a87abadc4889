"""What nodes call latest, safe and finalized, and the one view of it that counts."""

import asyncio
from dataclasses import dataclass

from extractors.evm.branch import block_name
from extractors.evm.endpoint import Endpoint
from extractors.evm.pool import Pool
from extractors.evm.structs import AnyReply, BlockName
from oracul.errors import BadReply, SourceError, SourceUnavailable

_HEADS_APART = 1_000


@dataclass(frozen=True)
class Tags:
    """Heights that count: `latest` is a head that two nodes reach, the others the lowest claim."""

    latest: int
    safe: int
    finalized: int

    def of(self, number: int) -> str:
        """Finality of a block number: `finalized`, `safe` or `latest`."""
        if number <= self.finalized:
            return "finalized"
        return "safe" if number <= self.safe else "latest"


@dataclass(frozen=True)
class Claim:
    """What one endpoint says of itself. None = it does not serve that tag."""

    endpoint: Endpoint
    latest: int
    latest_hash: str
    safe: int | None
    finalized: int | None
    is_syncing: bool


def in_sync(claims: list[Claim]) -> list[Claim]:
    """Claims of the nodes in sync, or all when none is."""
    return [c for c in claims if not c.is_syncing] or claims


def combine(claims: list[Claim], finality_depth: int) -> Tags:
    """One view of several endpoints' claims.

    The head is the highest that two nodes reach (or the only one's), so no node alone can send us
    after blocks that nobody has. Finality is the lowest claim among nodes that are in sync, so one
    node alone cannot make blocks final; without a claim, `finality_depth` below the head counts.
    """
    trusted = in_sync(claims)
    latest = sorted(c.latest for c in trusted)[-2:][0]
    finalized = [c.finalized for c in trusted if c.finalized is not None]
    safe = [c.safe for c in trusted if c.safe is not None]
    final_number = min(finalized) if finalized else latest - finality_depth
    return Tags(latest, max(min(safe), final_number) if safe else final_number, final_number)


def heads_apart(claims: list[Claim]) -> str:
    """Who names which head, when the heads in sync are too far apart to be latency; else ""."""
    trusted = sorted(in_sync(claims), key=lambda c: c.latest)
    if trusted[-1].latest - trusted[0].latest <= _HEADS_APART:
        return ""
    heads = ", ".join(f"{c.endpoint.name} at {c.latest}" for c in trusted)
    return f"the endpoints' heads are far apart ({heads}): one is stuck, or names a wrong one"


async def read_claims(pool: Pool) -> list[Claim]:
    """Claims of all usable endpoints that answer. Raises SourceError when none does."""
    found = await asyncio.gather(*(_claim(pool, e) for e in pool.usable), return_exceptions=True)
    claims = [c for c in found if isinstance(c, Claim)]
    if not claims:
        for fault in found:
            if isinstance(fault, BaseException) and not isinstance(fault, SourceError):
                raise fault
        await pool.ask([("eth_blockNumber", [])])  # waits and retries, or raises why
        claims = [await _claim(pool, pool.usable[0])]
    return claims


async def read_tags(pool: Pool) -> Tags:
    """Tags of the chain now."""
    return combine(await read_claims(pool), pool.chain.finality_depth)


async def _claim(pool: Pool, endpoint: Endpoint) -> Claim:
    calls: list[tuple[str, list[object]]] = [
        ("eth_getBlockByNumber", [tag, False]) for tag in ("latest", "safe", "finalized")
    ]
    asked = 0

    def read(replies: list[AnyReply]) -> tuple[BlockName, BlockName | None, BlockName | None]:
        nonlocal asked
        asked += 1
        latest, safe, finalized = (_block_name(reply) for reply in replies[:3])
        if latest is None:
            raise SourceUnavailable(f"{endpoint.name} does not know its latest block.")
        if finalized is None and asked == 1:
            # Without the tag a depth counts instead: believe it of a node that says so twice only.
            raise BadReply(f"{endpoint.name} does not name a finalized block.")
        endpoint.is_syncing = replies[3].error is None and bytes(replies[3].result)[:1] == b"{"
        return latest, safe, finalized

    latest, safe, finalized = await pool.insist(endpoint, [*calls, ("eth_syncing", [])], read)
    return Claim(
        endpoint=endpoint,
        latest=int(latest.number, 16),
        latest_hash=latest.hash,
        safe=int(safe.number, 16) if safe else None,
        finalized=int(finalized.number, 16) if finalized else None,
        is_syncing=endpoint.is_syncing,
    )


def _block_name(reply: AnyReply) -> BlockName | None:
    return block_name(reply.result) if reply.error is None else None
