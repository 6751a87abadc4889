"""Totals that must agree: transfers by token, raw and curated, and the supply they imply."""

from collections.abc import Sequence
from pathlib import Path

from extractors.evm.verify.report import Verified
from extractors.evm.verify.results import CheckResult
from oracul.warehouse import Client

CURATED = "curated.erc20_transfers"
ADD_UP = "transfers add up to the change of supply"
_SQL = Path(__file__).with_name("totals.sql")


def check_totals(client: Client, found: Sequence[Verified]) -> list[CheckResult]:
    """One result over all chains; none before the first transform."""
    for table in (CURATED, "curated.blocks"):
        if not int(str(client.command(f"exists table {table}"))):
            return []
    sql, wrong = _SQL.read_text(encoding="utf-8"), []
    for report in found:
        rows = client.query(
            sql, parameters={"chain": report.chain, "start": report.start, "end": report.end}
        ).result_rows
        wrong += [f"{report.chain} {token}: {logs} logs, {modelled} transfers"
                  for token, logs, modelled in rows]  # fmt: skip
        report.unequal_totals = len(rows)
    status = "fail" if wrong else "pass"
    return [
        CheckResult(CURATED, ADD_UP, "critical", status, f"{len(wrong):,} tokens", "0 tokens",
                    len(wrong), "; ".join(wrong[:10]))
    ]  # fmt: skip
