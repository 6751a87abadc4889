"""`meta.canonical_blocks`: which hash counts at a height. All reading and writing of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from extractors.evm.arrays import SECONDS, instants, number_array, text_array
from oracul.times import utc_now
from oracul.warehouse import Client


@dataclass(frozen=True)
class Pointer:
    """The canonical block at a height. `finality` is `latest`, `safe` or `finalized`; `version` is
    that of the row it was read from, 0 for one that is yet to be written.
    """

    number: int
    hash: str
    parent_hash: str
    timestamp: int
    finality: str
    version: int = 0


_FIELDS = (
    "block_number, block_hash, parent_hash, toUnixTimestamp(block_timestamp), finality, version"
)


def read_pointers(client: Client, chain: str, numbers: Iterable[int]) -> dict[int, Pointer]:
    """Pointers of these numbers, as far as there are any."""
    wanted = sorted(set(numbers))
    if not wanted:
        return {}
    rows = client.query(
        f"select {_FIELDS} from meta.canonical_blocks final"
        " where chain = {chain:String} and block_number in {numbers:Array(UInt64)}",
        parameters={"chain": chain, "numbers": wanted},
    ).result_rows
    return {number: Pointer(number, *rest) for number, *rest in rows}


def highest_pointer(client: Client, chain: str, finality: str | None = None) -> Pointer | None:
    """The highest pointer of a chain (of a finality, when one is named), or None."""
    rows = client.query(
        f"select {_FIELDS} from meta.canonical_blocks final"
        " where chain = {chain:String} and ({finality:String} = '' or finality = {finality:String})"
        " order by block_number desc limit 1",
        parameters={"chain": chain, "finality": finality or ""},
    ).result_rows
    return Pointer(*rows[0]) if rows else None


def write_pointers(client: Client, chain: str, pointers: Sequence[Pointer]) -> None:
    """Make these blocks canonical. The newest write wins, also when the clock was set back or is
    behind that of another machine; the same again changes nothing.
    """
    if not pointers:
        return
    now = utc_now()
    count = len(pointers)
    version = max(version_at(now), _highest_version(client, chain, pointers) + 1)
    table = pa.table(
        {
            "chain": text_array([chain] * count),
            "block_number": number_array([p.number for p in pointers], pa.uint64()),
            "block_hash": text_array([p.hash for p in pointers]),
            "parent_hash": text_array([p.parent_hash for p in pointers]),
            "block_timestamp": number_array([p.timestamp for p in pointers], SECONDS),
            "finality": text_array([p.finality for p in pointers]),
            "version": number_array([version] * count, pa.uint64()),
            "committed_at": instants(now, count),
        }
    )
    client.insert_arrow("canonical_blocks", table, database="meta")


def _highest_version(client: Client, chain: str, pointers: Sequence[Pointer]) -> int:
    """Highest version that any pointer at these heights ever had; 0 when there is none."""
    ((version,),) = client.query(
        "select max(version) from meta.canonical_blocks"
        " where chain = {chain:String} and block_number in {numbers:Array(UInt64)}",
        parameters={"chain": chain, "numbers": sorted({p.number for p in pointers})},
    ).result_rows
    return int(version)


def version_at(now: datetime) -> int:
    """Version of a pointer written now: microseconds since 1970."""
    return int(now.timestamp() * 1_000_000)
