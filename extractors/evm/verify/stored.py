"""Reading what is stored: pointers page by page, rows batch by batch, as columns."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from extractors.evm.columns import TABLES
from extractors.evm.verify.verdict import Batch, Fault, Pointed
from oracul.times import day_start
from oracul.warehouse import Client

PAGE_BLOCKS = 10_000
# About 50 busy blocks of mainnet, some 30 MB.
BATCH_ROWS = 40_000
BATCH_BLOCKS = 250
_ORDER = {"logs": "log_index", "transactions": "tx_index", "withdrawals": "withdrawal_index",
          "blocks": "block_hash"}  # fmt: skip
_SETTINGS = {"output_format_arrow_compression_method": "none"}


def landed_chains(client: Client) -> list[str]:
    """Chains that have a pointer."""
    sql = "select distinct chain from meta.canonical_blocks order by chain"
    return [chain for (chain,) in client.query(sql).result_rows]


def landed_range(client: Client, chain: str) -> tuple[int, int]:
    """From the lowest to beyond the highest pointer; (0, 0) when there is none."""
    sql = (
        "select min(block_number), max(block_number) + 1, count() from meta.canonical_blocks"
        " where chain = {chain:String}"
    )
    ((start, end, count),) = client.query(sql, parameters={"chain": chain}).result_rows
    return (start, end) if count else (0, 0)


def range_of_days(client: Client, chain: str, first: date, last: date) -> tuple[int, int]:
    """Block numbers of the UTC days `first` to `last`, both taken, with the gaps around them.

    A day without any pointer gives the numbers between its neighbours.
    """
    sql = """
        select
            ifNull(maxOrNull(if(block_timestamp < {start:DateTime}, block_number + 1, null)), 0),
            minOrNull(if(block_timestamp >= {end:DateTime}, block_number, null)),
            min(block_number), max(block_number) + 1
        from meta.canonical_blocks final where chain = {chain:String}
    """
    bounds: dict[str, datetime | str] = {"chain": chain, "start": day_start(first)}
    bounds["end"] = day_start(last + timedelta(days=1))
    ((start, end, lowest, beyond),) = client.query(sql, parameters=bounds).result_rows
    return max(start, lowest), beyond if end is None else end


def pages(client: Client, chain: str, start: int, end: int) -> Iterator[list[Pointed]]:
    """Pointers of [start, end) in order, at most 2 × PAGE_BLOCKS at a time."""
    waiting: list[Pointed] = []
    while start < end:
        found = _page(client, chain, start, min(start + PAGE_BLOCKS, end))
        waiting += found
        if len(waiting) >= PAGE_BLOCKS:
            yield waiting
            waiting = []
        start += PAGE_BLOCKS
        if len(found) < PAGE_BLOCKS and start < end:
            start = _next_number(client, chain, start, end)
    if waiting:
        yield waiting


def _page(client: Client, chain: str, start: int, end: int) -> list[Pointed]:
    rows = client.query(
        "select block_number, block_hash, parent_hash, toUnixTimestamp(block_timestamp), finality"
        " from meta.canonical_blocks final where chain = {chain:String}"
        " and block_number >= {start:UInt64} and block_number < {end:UInt64} order by block_number",
        parameters={"chain": chain, "start": start, "end": end},
    ).result_rows
    return [Pointed(*row) for row in rows]


def _next_number(client: Client, chain: str, start: int, end: int) -> int:
    rows = client.query(
        "select block_number from meta.canonical_blocks where chain = {chain:String}"
        " and block_number >= {start:UInt64} order by chain, block_number limit 1",
        parameters={"chain": chain, "start": start},
    ).result_rows
    return int(rows[0][0]) if rows else end


def pointers_at(client: Client, chain: str, numbers: Sequence[int]) -> list[Pointed]:
    """Pointers of these numbers, in order."""
    rows = client.query(
        "select block_number, block_hash, parent_hash, toUnixTimestamp(block_timestamp), finality"
        " from meta.canonical_blocks final where chain = {chain:String}"
        " and block_number in {numbers:Array(UInt64)} order by block_number",
        parameters={"chain": chain, "numbers": list(numbers)},
    ).result_rows
    return [Pointed(*row) for row in rows]


def batches(client: Client, chain: str, pointers: Sequence[Pointed]) -> list[list[Pointed]]:
    """Pointers cut so that each part has about BATCH_ROWS rows, counting what is really stored."""
    sizes: dict[int, int] = {}
    if pointers:
        for table in ("logs", "transactions"):
            rows = client.query(
                f"select block_number, count() from raw.{table} where chain = {{chain:String}}"
                " and block_number between {low:UInt64} and {high:UInt64} group by block_number",
                parameters={
                    "chain": chain,
                    "low": pointers[0].number,
                    "high": pointers[-1].number,
                },
            ).result_rows
            for number, count in rows:
                sizes[number] = sizes.get(number, 0) + count
    parts: list[list[Pointed]] = []
    size = BATCH_ROWS
    for pointer in pointers:
        if size >= BATCH_ROWS or len(parts[-1]) >= BATCH_BLOCKS:
            parts.append([])
            size = 0
        parts[-1].append(pointer)
        size += sizes.get(pointer.number, 0)
    return parts


def read_batch(
    client: Client, chain: str, pointers: Sequence[Pointed], known: dict[int, tuple[Fault, ...]]
) -> Batch:
    """The stored rows of these blocks as their readers see them (the newest copy of each)."""
    parameters = {
        "chain": chain,
        "numbers": [p.number for p in pointers],
        "low": pointers[0].number,
        "high": pointers[-1].number,
        "hashes": [p.hash for p in pointers],
    }

    def read(table: str) -> bytes:
        return client.raw_query(
            "select * except (chain, ingested_at)"
            " replace (toUnixTimestamp(block_timestamp) as block_timestamp)"
            f" from raw.{table} final where chain = {{chain:String}}"
            " and block_number between {low:UInt64} and {high:UInt64}"
            " and block_number in {numbers:Array(UInt64)} and block_hash in {hashes:Array(String)}"
            f" order by block_number, {_ORDER[table]}",
            parameters=parameters,
            settings=_SETTINGS,
            fmt="ArrowStream",
        )

    tables = {table: read(table) for table in TABLES}
    numbers = {p.number for p in pointers}
    its_known = {number: faults for number, faults in known.items() if number in numbers}
    return Batch(chain, tuple(pointers), its_known, tables)
