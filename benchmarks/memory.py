"""Peak memory of an extraction as the range grows tenfold: `python -m benchmarks.memory`

Sum over the extracting process and its workers, which are started at once for both ranges (the
warehouse and the replay server are apart), sampled twenty times a second. Wanted: within 15 %.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

WANTED = 0.15
TRANSACTIONS = 60
MEGABYTE = 1 << 20


def main() -> None:
    """Measure and print."""
    from oracul.demo.replay import serve_recording

    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--blocks", type=int, default=500, help="the small range")
    arguments.add_argument("--one", nargs=3, metavar=("HOME", "URL", "BLOCKS"), help="internal")
    given = arguments.parse_args()
    if given.one:
        home, url, blocks = given.one
        print(one_run(Path(home), url, int(blocks)))
        return
    with serve_recording(partial(recording, given.blocks * 10)) as node:
        peaks = [peak_mb(node.url, n) for n in (given.blocks, given.blocks * 10)]
    growth = peaks[1] / peaks[0] - 1
    print(f"  {given.blocks:6} blocks  {peaks[0]:7.0f} MB")
    print(f"  {given.blocks * 10:6} blocks  {peaks[1]:7.0f} MB")
    verdict = "ok" if abs(growth) <= WANTED else "MISSED"
    print(f"  growth {growth:+.1%}   wanted within {WANTED:.0%}   {verdict}")


def recording(blocks: int) -> Any:
    """Blocks of middling size, so that many fit."""
    from benchmarks.long_chain import CHAIN_ID
    from oracul.demo.recording import Recording
    from tests.fixtures.toy_chain import toy_chain

    return Recording(CHAIN_ID, toy_chain(blocks, fill=_middling))


def _middling(number: int, salt: str) -> Any:
    from tests.fixtures.toy_chain import like_mainnet

    return like_mainnet(number, salt)[:TRANSACTIONS]


def peak_mb(url: str, blocks: int) -> float:
    """Peak of a fresh process that extracts so many blocks."""
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-m", "benchmarks.memory", "--one", home, url, str(blocks)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(done.stdout.split()[-1])


def one_run(home: Path, url: str, blocks: int) -> float:
    """Extract, and return the peak in MB."""
    from benchmarks.extraction import oracul
    from benchmarks.long_chain import local_settings
    from oracul.warehouse import connect, migrate
    from oracul.warehouse.embedded import running, stop

    settings = local_settings(home, url)
    client = connect(settings)
    migrate(client)
    client.close()
    server = running(settings)
    peak, done = [0.0], threading.Event()
    watcher = threading.Thread(target=_watch, args=(server.pid if server else 0, peak, done))
    watcher.start()
    try:
        oracul(settings, blocks, wants_proof=True, workers_at_once=True)
    finally:
        done.set()
        watcher.join()
        stop(settings)
    return peak[0]


def _watch(apart: int, peak: list[float], done: threading.Event) -> None:
    import psutil

    own = psutil.Process(os.getpid())
    while not done.is_set():
        total = 0
        for process in (own, *own.children(recursive=True)):
            try:
                total += process.memory_info().rss if process.pid != apart else 0
            except psutil.Error:
                continue
        peak[0] = max(peak[0], total / MEGABYTE)
        time.sleep(0.05)


if __name__ == "__main__":
    main()
