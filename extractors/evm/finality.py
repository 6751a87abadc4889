"""Finality: what nodes call latest, safe and finalized, and bringing pointers up to it."""

import asyncio
from dataclasses import dataclass

from extractors.evm.branch import block_name
from extractors.evm.endpoint import Endpoint
from extractors.evm.pointers import version_at
from extractors.evm.pool import Pool
from extractors.evm.structs import AnyReply, BlockName
from oracul.errors import SourceError, SourceUnavailable
from oracul.times import utc_now
from oracul.warehouse import Client


@dataclass(frozen=True)
class Tags:
    """Heights the nodes agree on: `latest` is the highest head, the others the lowest claim."""

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

    The head is the highest claim. Finality is the lowest claim among nodes that are in sync, so one
    node alone cannot make blocks final; without a claim, `finality_depth` below the head counts.
    """
    trusted = in_sync(claims)
    latest = max(c.latest for c in trusted)
    finalized = [c.finalized for c in trusted if c.finalized is not None]
    safe = [c.safe for c in trusted if c.safe is not None]
    final_number = min(finalized) if finalized else latest - finality_depth
    return Tags(latest, max(min(safe), final_number) if safe else final_number, final_number)


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
    replies = await pool.batch(endpoint, [*calls, ("eth_syncing", [])])
    latest = _block_name(replies[0])
    if latest is None:
        raise SourceUnavailable(f"{endpoint.name} does not know its latest block.")
    safe, finalized = _block_name(replies[1]), _block_name(replies[2])
    endpoint.is_syncing = replies[3].error is None and bytes(replies[3].result) != b"false"
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


def raise_finality(client: Client, chain: str, tags: Tags) -> None:
    """Bring pointers up to the tags, never down. Nothing is written when nothing changed."""
    for finality, height, below in (
        ("finalized", tags.finalized, ["latest", "safe"]),
        ("safe", tags.safe, ["latest"]),
    ):
        if height < 0:
            continue
        parameters = {"chain": chain, "height": height, "below": below}
        stale = (
            "from meta.canonical_blocks final where chain = {chain:String}"
            " and block_number <= {height:UInt64} and finality in {below:Array(String)}"
        )
        if not client.query(f"select count() {stale}", parameters=parameters).result_rows[0][0]:
            continue
        now = utc_now()
        client.command(
            "insert into meta.canonical_blocks (chain, block_number, block_hash, parent_hash,"
            " block_timestamp, finality, version, committed_at) select chain, block_number,"
            " block_hash, parent_hash, block_timestamp, {finality:String}, {version:UInt64},"
            " {now:DateTime64(3)} " + stale,
            parameters={
                **parameters,
                "finality": finality,
                "version": version_at(now),
                "now": now,
            },
        )
