"""A few tokens' `totalSupply()` before and after the newest linked run, against their logs.

A sample, and a warning only: a contract may change its supply without a Transfer, and rebasing
tokens do. Nodes without the state of those blocks are not counted.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from extractors.evm.pool import Pool
from extractors.evm.token_calls import answer_of, call
from extractors.evm.verify.results import CheckResult
from extractors.evm.verify.verdict import LOGS, Pointed
from oracul.errors import SourceError
from oracul.warehouse import Client

TOKENS = 5
AS_MINTED = "supply changes as minted and burned"
_TOTAL_SUPPLY = "0x18160ddd"
_SQL = Path(__file__).with_name("supply.sql")
_WORD = 2 + 64


@dataclass(frozen=True)
class Sampled:
    """A token that was asked: change of its supply by its logs and by its own word, mod 2^256."""

    token: str
    by_logs: int
    by_contract: int


def newest_run(pointers: Sequence[Pointed]) -> tuple[int, int]:
    """First and last number of the linked run that ends with the last pointer."""
    low = pointers[-1]
    for lower, upper in pairwise(reversed(pointers)):
        if upper.number + 1 != lower.number or upper.hash != lower.parent_hash:
            break
        low = upper
    return low.number, pointers[-1].number


async def sample_supply(pool: Pool, client: Client, low: int, high: int) -> list[Sampled]:
    """Ask the tokens with most transfers in `low`..`high`; those that no node answers for are left
    out.
    """
    parameters = {"chain": pool.chain.chain, "low": low, "high": high, "tokens": TOKENS}
    sql = _SQL.read_text(encoding="utf-8")
    found = await asyncio.to_thread(client.query, sql, parameters)
    sampled = []
    for token, minted, burned in found.result_rows:
        before = await _supply(pool, token, low - 1) if low else 0
        after = await _supply(pool, token, high)
        if before is not None and after is not None:
            change = (int(minted) - int(burned)) % 2**256
            sampled.append(Sampled(token, change, (after - before) % 2**256))
    return sampled


async def _supply(pool: Pool, token: str, number: int) -> int | None:
    try:
        (reply,) = await pool.ask([call(token, _TOTAL_SUPPLY, number)])
        answer = answer_of(reply)
    except SourceError:
        return None
    if answer is None or len(answer) != _WORD:
        return None
    try:
        return int(answer, 16)
    except ValueError:
        return None


def supply_check(sampled: dict[str, list[Sampled]]) -> list[CheckResult]:
    """One result over all chains; none when no token could be asked."""
    count = sum(map(len, sampled.values()))
    if not count:
        return []
    wrong = [
        f"{chain} {s.token}: {s.by_contract} by totalSupply(), {s.by_logs} by its logs"
        for chain, found in sampled.items()
        for s in found
        if s.by_logs != s.by_contract
    ]
    return [
        CheckResult(LOGS, AS_MINTED, "warning", "warn" if wrong else "pass",
                    f"{len(wrong)} of {count} tokens", "0 tokens", len(wrong), "; ".join(wrong))
    ]  # fmt: skip
