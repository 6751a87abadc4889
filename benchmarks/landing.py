"""Landing proven blocks against the engine copying the same rows from table to table:
`python -m benchmarks.landing`

Both write the same rows into tables of the same definition in the same embedded warehouse, as many
blocks at a time as the extractor does, in turns. Landing also reads back and writes the pointers.
Wanted: at least half of the engine's own speed.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from benchmarks.long_chain import CHAIN, local_settings, long_recording
from extractors.evm.landing import land
from extractors.evm.parse import Answer, Parsed, parse_answer
from oracul.warehouse import Client, connect, migrate
from oracul.warehouse.embedded import stop

WANTED = 0.5
TABLES = ("logs", "transactions", "blocks")
AT_ONCE = 250


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--blocks", type=int, default=500)
    arguments.add_argument("--rounds", type=int, default=5)
    given = arguments.parse_args()
    portions = list(parsed_blocks(given.blocks))
    landed, copied = [], []
    with tempfile.TemporaryDirectory() as home:
        settings = local_settings(Path(home), "http://127.0.0.1:9")
        client = connect(settings)
        migrate(client)
        client.command("create database copies")
        for table in TABLES:
            client.command(f"create table copies.{table} as raw.{table}")
        for _ in range(given.rounds):
            landed.append(land_seconds(client, portions))
            copied.append(copy_seconds(client, given.blocks))
        rows = int(str(client.command("select count() from copies.logs")))
        rows += int(str(client.command("select count() from copies.transactions")))
        client.close()
        stop(settings)
    ours, engine = statistics.median(landed), statistics.median(copied)
    for name, seconds in (("landing", ours), ("insert-select", engine)):
        each = seconds / given.blocks * 1000
        print(f"  {name:14} {rows / seconds:10,.0f} rows/s   {each:.2f} ms/block")
    ratio = engine / ours
    print(f"  ratio {ratio:.2f}   wanted {WANTED}   {'ok' if ratio >= WANTED else 'MISSED'}")


def parsed_blocks(blocks: int) -> Iterator[list[Parsed]]:
    """Proven blocks in landings, as the workers hand them over."""
    recorded = long_recording(blocks).blocks
    for start in range(0, blocks, AT_ONCE):
        yield [
            parse_answer(
                Answer(
                    CHAIN,
                    "node",
                    tuple(b.number for b in part),
                    _batch([b.block for b in part]),
                    (_batch([b.receipts or b"[]" for b in part]),),
                )
            )
            for part in (recorded[i : i + 5] for i in range(start, start + AT_ONCE, 5))
            if part
        ]


def _batch(results: list[bytes]) -> bytes:
    return msgspec.json.encode(
        [{"jsonrpc": "2.0", "id": i, "result": msgspec.Raw(r)} for i, r in enumerate(results)]
    )


def land_seconds(client: Client, portions: list[list[Parsed]]) -> float:
    """Seconds to land everything into empty tables."""
    for table in ("raw.logs", "raw.transactions", "raw.blocks", "meta.canonical_blocks"):
        client.command(f"truncate table {table}")
    start = time.perf_counter()
    for portion in portions:
        land(client, CHAIN, portion, lambda _: "latest")
    return time.perf_counter() - start


def copy_seconds(client: Client, blocks: int) -> float:
    """Seconds for the engine to copy the same rows into empty tables."""
    for table in TABLES:
        client.command(f"truncate table copies.{table}")
    start = time.perf_counter()
    for first in range(0, blocks, AT_ONCE):
        for table in TABLES:
            client.command(
                f"insert into copies.{table} select * from raw.{table}"
                f" where block_number >= {first} and block_number < {first + AT_ONCE}"
            )
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
