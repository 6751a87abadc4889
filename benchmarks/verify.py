"""Proving stored blocks again, against landing them: `python -m benchmarks.verify`

Landing here is fetch, prove, parse, insert, read back and point, from a replay server on this
machine; verifying is reading the rows back, rebuilding what was proven and proving it, without a
node. Both may use all cores. Wanted: at least half as quick, and flat memory.
"""

import argparse
import resource
import statistics
import tempfile
import time
from pathlib import Path

WANTED = 0.5


def main() -> None:
    """Measure and print."""
    from benchmarks.extraction import oracul
    from benchmarks.long_chain import CHAIN, loader, local_settings
    from extractors.evm.verify.run import Scope, verify
    from oracul.demo.replay import serve_recording
    from oracul.warehouse import connect, migrate
    from oracul.warehouse.embedded import stop

    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--blocks", type=int, default=600)
    arguments.add_argument("--rounds", type=int, default=3)
    given = arguments.parse_args()
    landed, verified = [], []
    with (
        serve_recording(loader(given.blocks)) as node,
        tempfile.TemporaryDirectory() as home,
    ):
        settings = local_settings(Path(home), node.url, max_concurrency=8)
        client = connect(settings)
        migrate(client)
        for _ in range(given.rounds):
            landed.append(given.blocks / oracul(settings, given.blocks, wants_proof=True))
            start = time.perf_counter()
            (report,) = verify(settings, client, Scope(CHAIN, is_offline=True), run_id="bench")
            verified.append(given.blocks / (time.perf_counter() - start))
            if report.counts["transactions", "proven"] != given.blocks:
                raise RuntimeError(report.sentence)
        client.close()
        stop(settings)
    ours, theirs = statistics.median(verified), statistics.median(landed)
    for name, rates in (("landing", landed), ("verifying", verified)):
        rounds = ", ".join(f"{rate:.0f}" for rate in rates)
        print(f"  {name:10} {statistics.median(rates):7.0f} blocks/s   ({rounds})")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    worker = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"  peak memory {peak:.0f} MB here, {worker:.0f} MB in the largest other process")
    ratio = ours / theirs
    verdict = "ok" if ratio >= WANTED else "MISSED"
    print(f"  verifying : landing {ratio:.2f}   wanted {WANTED}   {verdict}")


if __name__ == "__main__":
    main()
