"""CPU time of proving a block of 160 transactions, 390 logs: `python -m benchmarks.proof`

On real mainnet blocks where the shared data is there, and on hand-made ones. Limit: 6 ms.
"""

import argparse
import time
from collections.abc import Sequence

import msgspec

from benchmarks.long_chain import TRANSACTIONS, long_recording
from extractors.evm.proof import prove
from extractors.evm.structs import Block, Receipt
from oracul.demo.recording import RecordedBlock
from tests.fixtures.real_chain import CHAIN_DATA, load_recording

LIMIT_MS = 6.0


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=5)
    rounds = arguments.parse_args().rounds
    sets = {"hand-made": long_recording(20).blocks}
    if CHAIN_DATA.is_dir():
        real = load_recording("jsonrpc_mainnet").blocks
        sets["real mainnet 17686110-124"] = [b for b in real if 17_686_110 <= b.number < 17_686_125]
        sets["real mainnet, all 46"] = real
    print(f"proof, CPU ms for each {TRANSACTIONS} transactions (median of {rounds} rounds)")
    for name, blocks in sets.items():
        cold, warm, logs = measure(blocks, rounds)
        print(
            f"  {name:28} {warm:5.2f} ms   first round {cold:5.2f} ms   {logs:.0f} logs"
            f"   {warm / LIMIT_MS:.2f} of the {LIMIT_MS:.0f} ms limit"
        )


def measure(blocks: Sequence[RecordedBlock], rounds: int) -> tuple[float, float, float]:
    """CPU ms per 160 transactions of the first round and the median one, and logs per 160."""
    decoded = [
        (
            msgspec.json.decode(b.block, type=Block),
            msgspec.json.decode(b.receipts or b"[]", type=list[Receipt]),
        )
        for b in blocks
    ]
    share = sum(len(receipts) for _, receipts in decoded) / TRANSACTIONS
    logs = sum(len(r.logs) for _, receipts in decoded for r in receipts)
    times = []
    for _ in range(rounds):
        start = time.process_time()
        for block, receipts in decoded:
            prove(block, receipts)
        times.append((time.process_time() - start) * 1000 / share)
    return times[0], sorted(times)[rounds // 2], logs / share


if __name__ == "__main__":
    main()
