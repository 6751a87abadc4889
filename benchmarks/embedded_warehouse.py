"""The embedded warehouse against its own engine: `python -m benchmarks.embedded_warehouse`

Start-up, inserts over HTTP (Arrow) as a share of the engine's insert-select, streaming of 1 and 10
million rows with the server's peak memory, and the price of a small query. Limits: landing at least
0.5 of insert-select, memory within 15 % when the result grows tenfold.
"""

import argparse
import contextlib
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pyarrow as pa

from oracul.settings import ClickHouseSettings, Settings, WarehouseSettings
from oracul.warehouse import Client, connect
from oracul.warehouse.embedded import ensure_running, running, stop

COLUMNS = "chain LowCardinality(String), n UInt64, h String, v UInt256, x Float64"
STREAM = "SELECT number AS n, toString(number) AS s, number * 2 AS x FROM numbers({rows})"


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=1_000_000, help="rows of one insert")
    arguments.add_argument("--rounds", type=int, default=3)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(
            home=Path(home),
            clickhouse=ClickHouseSettings(),
            warehouse=WarehouseSettings(port=0),
            _env_file=None,
        )
        start = time.perf_counter()
        ensure_running(settings)
        print(f"start-up until the first answer     {time.perf_counter() - start:6.2f} s")
        try:
            with contextlib.closing(connect(settings)) as client:
                measure_inserts(client, options.rows, options.rounds)
                measure_streams(client, settings)
                measure_small_queries(client)
        finally:
            stop(settings)


def measure_inserts(client: Client, rows: int, rounds: int) -> None:
    """Arrow over HTTP beside insert-select of the same rows."""
    client.command("CREATE DATABASE bench")
    for table in ("landed", "copied"):
        client.command(f"CREATE TABLE bench.{table} ({COLUMNS}) ENGINE = MergeTree ORDER BY n")
    block = pa.table(
        {
            "chain": ["ethereum"] * rows,
            "n": pa.array(range(rows), pa.uint64()),
            "h": [f"0x{number:064x}" for number in range(rows)],
            "v": pa.array([n.to_bytes(32, "little") for n in range(rows)], pa.binary(32)),
            "x": [number / 7 for number in range(rows)],
        }
    )
    over_http = rate(rows, rounds, lambda: client.insert_arrow("bench.landed", block))
    copy = f"INSERT INTO bench.copied SELECT * FROM bench.landed LIMIT {rows}"
    inside = rate(rows, rounds, lambda: client.command(copy))
    print(f"insert, Arrow over HTTP             {over_http / 1e6:6.2f} M rows/s")
    print(f"insert-select inside the engine     {inside / 1e6:6.2f} M rows/s")
    print(f"ratio (limit 0.5)                   {over_http / inside:6.2f}")


def measure_streams(client: Client, settings: Settings) -> None:
    """Throughput of a streamed result and the server's peak memory, for 1 and 10 million rows."""
    peaks = []
    for rows in (1_000_000, 10_000_000):
        with peak_memory(settings) as peak:
            start, size = time.perf_counter(), 0
            stream = client.raw_stream(STREAM.format(rows=rows), fmt="Native")
            while piece := stream.read(1 << 20):
                size += len(piece)
            seconds = time.perf_counter() - start
        peaks.append(peak[0])
        print(
            f"stream of {rows // 1_000_000:2} M rows                 {rows / seconds / 1e6:6.2f} "
            f"M rows/s   {size / seconds / 1e6:5.0f} MB/s   server {peak[0] / 1e6:5.0f} MB"
        )
    print(f"memory 10 M : 1 M (limit 1.15)      {peaks[1] / peaks[0]:6.2f}")


def measure_small_queries(client: Client) -> None:
    """Median time of the smallest query and the smallest insert."""
    for name, work in (
        ("select 1", lambda: client.command("SELECT 1")),
        ("insert of one row", lambda: client.insert("bench.copied", [["a", 1, "x", 1, 1.0]])),
    ):
        times = [timed(work) for _ in range(100)]
        print(f"{name:35} {statistics.median(times) * 1000:6.2f} ms")


def rate(rows: int, rounds: int, work: Callable[[], object]) -> float:
    """Rows per second, the median of some rounds."""
    return rows / statistics.median(timed(work) for _ in range(rounds))


def timed(work: Callable[[], object]) -> float:
    """Seconds that one call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


@contextlib.contextmanager
def peak_memory(settings: Settings) -> Iterator[list[int]]:
    """Highest resident memory of the server while inside, in bytes, as a list of one."""
    info = running(settings)
    if info is None:
        raise RuntimeError("the warehouse is not running")
    process, peak, done = psutil.Process(info.pid), [0], threading.Event()

    def watch() -> None:
        while not done.wait(0.01):
            peak[0] = max(peak[0], process.memory_info().rss)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peak
    finally:
        done.set()
        thread.join()


if __name__ == "__main__":
    main()
