"""Extraction end to end against ethereum-etl and against a bare loop:
`python -m benchmarks.extraction --scratch DIR`

All parties read the same blocks from the same replay server on this machine, one after the other:
  decode    fetch and decode into typed structs, nothing else
  bare      fetch and parse into columns in one process, nothing proven or stored
  oracul    fetch, prove, parse, land in the embedded warehouse, read back, point
  no proof  the same with proof time taken out (measured here, offered nowhere)
  etl       ethereum-etl 2.4.2: export blocks, transactions, receipts and logs to CSV

Each party gets as many blocks as keep it busy for some ten seconds, so that what it takes to start
counts alike. ethereum-etl gets an environment of its own in DIR (Python 3.10, made once with uv).
"""

import argparse
import asyncio
import csv
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oracul.settings import Settings

# Worker processes import this module again, so it imports the rest where it is used.
BATCH, CONCURRENCY = 5, 8
ETL_ARGUMENTS = ["--max-workers", "5", "--batch-size", "100"]


def main() -> None:
    """Measure and print."""
    from benchmarks.long_chain import loader, local_settings
    from oracul.demo.replay import serve_recording
    from oracul.warehouse import connect, migrate
    from oracul.warehouse.embedded import stop

    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--blocks", type=int, default=1600, help="blocks for bare and oracul")
    arguments.add_argument("--etl-blocks", type=int, default=100, help="blocks for ethereum-etl")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--scratch", type=Path, required=True, help="keeps ethereum-etl")
    arguments.add_argument("--python", default="python3.10", help="interpreter for ethereum-etl")
    given = arguments.parse_args()
    etl = etl_command(given.scratch, given.python)
    with (
        serve_recording(loader(given.blocks)) as node,
        tempfile.TemporaryDirectory(dir=given.scratch) as home,
    ):
        settings = local_settings(Path(home), node.url, max_concurrency=CONCURRENCY)
        client = connect(settings)
        migrate(client)
        client.close()
        parties: dict[str, Callable[[], float]] = {
            "decode": lambda: given.blocks / bare(node.url, given.blocks, columns=False),
            "bare": lambda: given.blocks / bare(node.url, given.blocks, columns=True),
            "no proof": lambda: given.blocks / oracul(settings, given.blocks, wants_proof=False),
            "oracul": lambda: given.blocks / oracul(settings, given.blocks, wants_proof=True),
            "etl": lambda: given.etl_blocks / etl_seconds(etl, node.url, given.etl_blocks, home),
        }
        found: dict[str, list[float]] = {name: [] for name in parties}
        for _ in range(given.rounds):
            for name, run in parties.items():
                found[name].append(run())
        stop(settings)
    report({name: statistics.median(rates) for name, rates in found.items()}, found)


def report(rate: dict[str, float], found: dict[str, list[float]]) -> None:
    """The table and the ratios that the project promises."""
    for name, value in rate.items():
        rounds = ", ".join(f"{r:.0f}" for r in found[name])
        print(f"  {name:9} {value:8.1f} blocks/s   ({rounds})")
    promises = [
        ("oracul : etl", rate["oracul"] / rate["etl"], 8.0),
        ("no proof : etl", rate["no proof"] / rate["etl"], 15.0),
        ("no proof : bare", rate["no proof"] / rate["bare"], 0.5),
    ]
    print(f"  no proof : decode {rate['no proof'] / rate['decode']:5.2f}")
    for name, ratio, wanted in promises:
        verdict = "ok" if ratio >= wanted else "MISSED"
        print(f"  {name:16} {ratio:6.2f}   wanted {wanted:.1f}   {verdict}")


def bare(url: str, blocks: int, *, columns: bool) -> float:
    """Seconds to fetch all blocks and receipts and decode them, into columns if asked."""
    import aiohttp
    import msgspec

    from benchmarks.long_chain import CHAIN
    from extractors.evm.columns import Proven, to_tables
    from extractors.evm.endpoint import batch_body
    from extractors.evm.structs import BlockReply, ReceiptsReply

    block_replies = msgspec.json.Decoder(list[BlockReply])
    receipt_replies = msgspec.json.Decoder(list[ReceiptsReply])
    batches = [range(i, min(i + BATCH, blocks)) for i in range(0, blocks, BATCH)]

    async def one(session: "aiohttp.ClientSession", numbers: range) -> int:
        bodies = (
            batch_body([("eth_getBlockByNumber", [hex(n), True]) for n in numbers]),
            batch_body([("eth_getBlockReceipts", [hex(n)]) for n in numbers]),
        )
        replies = []
        for body in bodies:
            async with session.post(url, data=body) as reply:
                replies.append(await reply.read())
        found = [r.result for r in block_replies.decode(replies[0]) if r.result]
        receipts = [r.result or [] for r in receipt_replies.decode(replies[1])]
        if columns:
            pairs = zip(found, receipts, strict=True)
            to_tables(CHAIN, [Proven(block, its, (), "node") for block, its in pairs])
        return sum(map(len, receipts))

    async def run() -> None:
        gate = asyncio.Semaphore(CONCURRENCY)
        async with aiohttp.ClientSession() as session:

            async def gated(numbers: range) -> int:
                async with gate:
                    return await one(session, numbers)

            counts = await asyncio.gather(*map(gated, batches))
        if sum(counts) != 160 * blocks:
            raise RuntimeError(f"{sum(counts)} receipts instead of {160 * blocks}")

    start = time.perf_counter()
    asyncio.run(run())
    return time.perf_counter() - start


def oracul(
    settings: "Settings", blocks: int, *, wants_proof: bool, workers_at_once: bool = False
) -> float:
    """Seconds to land all blocks in an empty warehouse."""
    from benchmarks.long_chain import CHAIN
    from extractors.evm.extract import land_missing
    from extractors.evm.finality import read_tags
    from extractors.evm.pool import open_pool
    from extractors.evm.report import Extracted
    from extractors.evm.workers import Parser
    from oracul.chains import get_chain
    from oracul.warehouse import connect

    client = connect(settings)
    for table in ("raw.logs", "raw.transactions", "raw.blocks", "meta.canonical_blocks"):
        client.command(f"truncate table {table}")

    async def run() -> "Extracted":
        async with open_pool(settings, get_chain(CHAIN), client, "ingest_chain") as pool:
            extracted = Extracted(CHAIN, 0, blocks)
            tags = await read_tags(pool)
            parser = Parser(blocks, worth_seconds=0) if workers_at_once else None
            await land_missing(
                pool, client, tags, extracted, wants_proof=wants_proof, parser=parser
            )
            return extracted

    start = time.perf_counter()
    extracted = asyncio.run(run())
    seconds = time.perf_counter() - start
    if extracted.blocks != blocks or (wants_proof and extracted.proven["receipts"] != blocks):
        raise RuntimeError(f"not everything landed: {extracted.sentence}")
    client.close()
    return seconds


def etl_command(scratch: Path, python: str) -> Path:
    """ethereum-etl's command, installed in the scratch directory unless it is there."""
    command = scratch / "etl" / "bin" / "ethereumetl"
    if not command.exists():
        environment = os.environ | {"UV_PYTHON_DOWNLOADS": "never"}
        subprocess.run(
            ["uv", "venv", "-q", "-p", python, scratch / "etl"], check=True, env=environment
        )
        subprocess.run(
            ["uv", "pip", "install", "-q", "-p", scratch / "etl" / "bin" / "python",
             "ethereum-etl==2.4.2", "setuptools<80"], check=True, env=environment)  # fmt: skip
    return command


def etl_seconds(command: Path, url: str, blocks: int, home: str) -> float:
    """Seconds for ethereum-etl to export the blocks, transactions, receipts and logs."""
    out = Path(home) / "etl-out"
    out.mkdir(exist_ok=True)
    start = time.perf_counter()
    _etl(
        command, "export_blocks_and_transactions", "--start-block", "0", "--end-block",
        str(blocks - 1), "--provider-uri", url, "--blocks-output", str(out / "blocks.csv"),
        "--transactions-output", str(out / "transactions.csv"), *ETL_ARGUMENTS,
    )  # fmt: skip
    with (out / "transactions.csv").open(newline="") as file:
        hashes = [row["hash"] for row in csv.DictReader(file)]
    (out / "hashes.txt").write_text("\n".join(hashes) + "\n")
    _etl(
        command, "export_receipts_and_logs", "--transaction-hashes", str(out / "hashes.txt"),
        "--provider-uri", url, "--receipts-output", str(out / "receipts.csv"),
        "--logs-output", str(out / "logs.csv"), *ETL_ARGUMENTS,
    )  # fmt: skip
    seconds = time.perf_counter() - start
    with (out / "logs.csv").open() as file:
        logs = sum(1 for _ in file) - 1
    if len(hashes) != 160 * blocks or logs != 389 * blocks:
        raise RuntimeError(f"ethereum-etl exported {len(hashes)} transactions and {logs} logs")
    return seconds


def _etl(command: Path, *words: str) -> None:
    done = subprocess.run([command, *words], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr[-1000:])


if __name__ == "__main__":
    main()
