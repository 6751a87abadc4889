"""What was found, as rows: meta.verified_blocks by block, meta.data_quality_checks by check."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from extractors.evm.verify.report import Verified
from extractors.evm.verify.verdict import CHECKS, DATASETS, POINTERS, Verdict
from oracul.times import utc_now
from oracul.warehouse import Client

SUITE = "verify"
# Of every block that is canonical still and was looked at, by this run or an earlier one: a small
# range that holds must not make a larger one that does not look well.
_STANDING = """
    select splitByString(': ', fault)[1], count(), min(concat(chain, ' ', toString(block_number))),
        argMin(fault, (chain, block_number))
    from (
        select chain, block_number, block_hash, arrayJoin(faults) as fault
        from meta.verified_blocks final
    ) as found
    inner join (
        select chain, block_number, block_hash from meta.canonical_blocks final
    ) as pointers using (chain, block_number, block_hash)
    group by 1
"""


@dataclass(frozen=True)
class CheckResult:
    """How a check of the suite ended."""

    table: str
    check: str
    severity: str
    status: str
    observed: str
    expected: str
    unexpected_count: int
    details: str = ""


def write_verdicts(client: Client, chain: str, verdicts: Sequence[Verdict], run_id: str) -> None:
    """One row a block; the newest counts."""
    if not verdicts:
        return
    now = utc_now()
    client.insert(
        "verified_blocks",
        [
            [chain, v.number, v.hash, *v.states, [f.text for f in v.faults], run_id, now]
            for v in verdicts
        ],
        database="meta",
        column_names=["chain", "block_number", "block_hash", *DATASETS, "faults", "run_id",
                      "verified_at"],
    )  # fmt: skip


def standing_checks(client: Client, found: Sequence[Verified]) -> list[CheckResult]:
    """A result of every check over all blocks that were ever looked at, and of what is missing."""
    broken = {name: rest for name, *rest in client.query(_STANDING).result_rows}
    results = []
    for table, check in CHECKS:
        count, first, fault = broken.get(f"{table} {check}", (0, "", ""))
        details = f"first {first}: {fault}" if count else ""
        status = "fail" if count else "pass"
        results.append(
            CheckResult(table, check, "critical", status, f"{count:,} blocks", "0 blocks", count,
                        details)
        )  # fmt: skip
    missing = sum(f.missing for f in found)
    holes = [f"{f.chain} {gap.start}:{gap.stop}" for f in found for gap in f.holes]
    results.append(
        CheckResult(POINTERS, "no block is missing", "warning", "warn" if missing else "pass",
                    f"{missing:,} blocks", "0 blocks", missing, ", ".join(holes[:10]))
    )  # fmt: skip
    return results


def write_checks(
    client: Client, results: Sequence[CheckResult], run_id: str, now: datetime
) -> None:
    """One row a check and run in meta.data_quality_checks."""
    client.insert(
        "data_quality_checks",
        [
            [now, SUITE, r.table, r.check, r.severity, r.status, r.observed, r.expected,
             r.unexpected_count, r.details[:2000], run_id]
            for r in results
        ],
        database="meta",
        column_names=["checked_at", "suite", "table", "check", "severity", "status", "observed",
                      "expected", "unexpected_count", "details", "run_id"],
    )  # fmt: skip
