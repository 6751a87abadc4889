"""Proven blocks into the warehouse: facts first, then read back, then the pointers.

A crash anywhere leaves facts without pointers, which no reader sees; the retry is the same code.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from extractors.evm.arrays import instants, number_array
from extractors.evm.columns import TABLES
from extractors.evm.parse import BlockFacts, Parsed, ipc_stream
from extractors.evm.pointers import Pointer, write_pointers
from oracul.errors import LandingMismatch
from oracul.times import utc_now
from oracul.warehouse import Client

# What identifies a row within its block: counted distinct, so that a second landing counts once.
_ROW_KEYS = {
    "logs": "log_index",
    "transactions": "tx_index",
    "withdrawals": "withdrawal_index",
    "blocks": "block_hash",
}


# A landing has each row once. That the engine look for doubles all the same, row by row, is half of
# what an insert costs it; merges do so later.
_AS_THEY_ARE = {"optimize_on_insert": 0}


def land(
    client: Client,
    chain: str,
    parsed: Sequence[Parsed],
    finality_of: Callable[[int], str],
    before_pointers: Callable[[Sequence[BlockFacts]], None] | None = None,
) -> dict[str, int]:
    """Insert the blocks' facts, compare what is stored with what was proven, then set pointers.

    Returns rows inserted by table. `finality_of` gives the finality of a block number;
    `before_pointers` writes what must be known once the pointers are. Running it twice leaves the
    same rows. Raises LandingMismatch before any pointer is written.
    """
    facts = [fact for part in parsed for fact in part.facts]
    if not facts:
        return dict.fromkeys(TABLES, 0)
    rows = insert_facts(client, parsed, utc_now())
    check_landed(client, chain, facts)
    if before_pointers is not None:
        before_pointers(facts)
    pointers = [
        Pointer(f.number, f.hash, f.parent_hash, f.timestamp, finality_of(f.number)) for f in facts
    ]
    write_pointers(client, chain, pointers)
    return rows


def insert_facts(client: Client, parsed: Sequence[Parsed], now: datetime) -> dict[str, int]:
    """Insert the tables, blocks last, the others at once. Returns rows by table."""
    # In the order of the tables' keys, so that the engine need not sort.
    parsed = sorted((p for p in parsed if p.facts), key=lambda p: p.facts[0].number)

    def insert(name: str) -> int:
        table = pa.concat_tables([_read(part.tables[name]) for part in parsed]).combine_chunks()
        if table.num_rows:
            stamped = table.append_column("ingested_at", instants(now, table.num_rows))
            client.insert_arrow(name, stamped, database="raw", settings=_AS_THEY_ARE)
        return table.num_rows

    *facts, blocks = TABLES
    # Without a session a client may be used from several threads.
    with ThreadPoolExecutor(len(facts)) as threads:
        rows = dict(zip(facts, threads.map(insert, facts), strict=True))
    return {**rows, blocks: insert(blocks)}


def _read(stream: bytes) -> pa.Table:
    return pa.ipc.open_stream(pa.py_buffer(stream)).read_all()


def without(parsed: Parsed, numbers: set[int]) -> Parsed:
    """The same blocks without these numbers."""
    unwanted = number_array(sorted(numbers), pa.uint64())
    tables = {}
    for name, stream in parsed.tables.items():
        table = _read(stream)
        keep = pc.invert(pc.is_in(table.column("block_number"), unwanted))
        tables[name] = ipc_stream(table.filter(keep))
    facts = tuple(f for f in parsed.facts if f.number not in numbers)
    return Parsed(tables, facts, parsed.refusals)


def check_landed(client: Client, chain: str, facts: Sequence[BlockFacts]) -> None:
    """Count what is stored of each block. Raises LandingMismatch naming the first that differs."""
    expected = {
        "logs": {f.hash: f.logs for f in facts},
        "transactions": {f.hash: f.transactions for f in facts},
        "withdrawals": {f.hash: f.withdrawals for f in facts},
        "blocks": {f.hash: 1 for f in facts},
    }
    numbers = {f.hash: f.number for f in facts}
    stored = _stored_counts(client, chain, sorted(numbers.values()))
    for table, counts in expected.items():
        for block_hash, count in counts.items():
            found = stored.get((table, block_hash), 0)
            if found != count:
                raise LandingMismatch(
                    f"raw.{table} holds {found} rows of {chain} block {numbers[block_hash]}, "
                    f"but {count} were proven.",
                    hint="The block was not made visible. Run the same command again; if it stays, "
                    "look for another writer or a full disk.",
                )


def _stored_counts(
    client: Client, chain: str, numbers: Sequence[int]
) -> dict[tuple[str, str], int]:
    """Distinct rows by table and block hash, in one question."""
    each = [
        f"select '{table}' as place, block_hash, uniqExact({key}) from raw.{table}"
        " where chain = {chain:String} and block_number between {low:UInt64} and {high:UInt64}"
        " and block_number in {numbers:Array(UInt64)} group by block_hash"
        for table, key in _ROW_KEYS.items()
    ]
    rows = client.query(
        " union all ".join(each),
        parameters={
            "chain": chain,
            "low": numbers[0],
            "high": numbers[-1],
            "numbers": numbers,
        },
    ).result_rows
    return {(table, block_hash): int(count) for table, block_hash, count in rows}
