"""Whether the stored rows of a block fit together: counts, positions, times, names. Pure."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa

from extractors.evm.verify.rows import Row, Transactions, logs_of, odd_text, spans_of
from extractors.evm.verify.verdict import (
    BLOCKS,
    IS_HEX,
    LOGS,
    POINTER_FITS,
    POINTERS,
    ROWS_FIT,
    STORED,
    TRANSACTIONS,
    WITHDRAWALS,
    Fault,
    Pointed,
)

_FINALITIES = ("latest", "safe", "finalized")
_TEXT = {
    "blocks": (
        "block_hash", "parent_hash", "miner_address", "extra_data", "nonce", "mix_hash",
        "sha3_uncles", "transactions_root", "receipts_root", "state_root", "logs_bloom",
        "withdrawals_root", "parent_beacon_block_root", "requests_hash",
    ),
    "transactions": (
        "tx_hash", "from_address", "to_address", "input", "post_state_root",
        "created_contract_address", "deposit_source_hash",
    ),
    "logs": ("tx_hash", "address", "topic0", "topic1", "topic2", "topic3", "data"),
    "withdrawals": ("address",),
}  # fmt: skip


class Stored:
    """The stored rows of some blocks; rows that name another hash at a height are kept apart."""

    def __init__(self, tables: dict[str, pa.Table], hashes: dict[int, str]) -> None:
        self.strays: dict[str, list[int]] = {}
        self.tables = {name: self._of_hashes(name, t, hashes) for name, t in tables.items()}
        self.spans = {name: spans_of(table) for name, table in self.tables.items()}
        self.blocks: list[Row] = self.tables["blocks"].to_pylist()
        self.transactions = Transactions(self.tables["transactions"])
        self.logs = logs_of(self.tables["logs"])
        names = ("log_index", "tx_index", "tx_hash", "block_timestamp")
        self.log_values: dict[str, list[Any]] = {
            name: self.tables["logs"].column(name).to_pylist() for name in names
        }
        self.withdrawals: list[Row] = self.tables["withdrawals"].to_pylist()

    def _of_hashes(self, name: str, table: pa.Table, hashes: dict[int, str]) -> pa.Table:
        numbers: list[Any] = table.column("block_number").to_pylist()
        found = table.column("block_hash").to_pylist()
        fits = [hashes.get(n) == h for n, h in zip(numbers, found, strict=True)]
        if all(fits):
            return table
        self.strays[name] = [n for n, is_one in zip(numbers, fits, strict=True) if not is_one]
        places = np.flatnonzero(fits)
        return table.take(pa.array(places, pa.int64())).combine_chunks()

    def row(self, number: int) -> Row | None:
        """The block's own row, the first if there are several."""
        span = self.spans["blocks"](number)
        return self.blocks[span.start] if span else None

    def withdrawals_at(self, number: int) -> list[Row]:
        """Withdrawals of a block."""
        span = self.spans["withdrawals"](number)
        return self.withdrawals[span.start : span.stop]


def text_faults(stored: Stored) -> dict[int, list[Fault]]:
    """Text that is not what it should look like, by block."""
    found: dict[int, list[Fault]] = {}
    for name, columns in _TEXT.items():
        table = stored.tables[name]
        for column, rows in odd_text(table, columns).items():
            numbers: list[Any] = table.column("block_number").to_pylist()
            for number in {numbers[row] for row in rows}:
                fault = Fault(f"raw.{name}", IS_HEX, f"{column} is not lower-case hex text")
                found.setdefault(number, []).append(fault)
    return found


def fit_faults(stored: Stored, pointer: Pointed, row: Row) -> list[Fault]:
    """What does not fit among the rows of one block, and between them and the pointer."""
    number = pointer.number
    found = [Fault(POINTERS, POINTER_FITS, reason) for reason in _pointer(pointer, row)]
    copies = len(stored.spans["blocks"](number))
    if copies > 1:
        found.append(Fault(BLOCKS, STORED, f"{copies} rows of one block"))
    for name, numbers in stored.strays.items():
        if number in numbers:
            reason = f"{numbers.count(number)} rows name a canonical block of another height"
            found.append(Fault(f"raw.{name}", ROWS_FIT, reason))
    found += [Fault(TRANSACTIONS, ROWS_FIT, reason) for reason in _transactions(stored, row)]
    found += [Fault(LOGS, ROWS_FIT, reason) for reason in _logs(stored, row)]
    found += [Fault(WITHDRAWALS, ROWS_FIT, reason) for reason in _withdrawals(stored, row)]
    return found


def _pointer(pointer: Pointed, row: Row) -> list[str]:
    found = []
    if pointer.parent_hash != row["parent_hash"]:
        found.append("it names another parent than its block")
    if pointer.timestamp != row["block_timestamp"]:
        found.append("it names another time than its block")
    if pointer.finality not in _FINALITIES:
        found.append(f"{pointer.finality[:20]!r} is no finality")
    return found


def _transactions(stored: Stored, row: Row) -> list[str]:
    span = stored.spans["transactions"](row["block_number"])
    rows = stored.transactions
    found = _count(len(span), row["transaction_count"], "rows")
    if rows.indexes[span.start : span.stop] != list(range(len(span))):
        found.append("tx_index does not count 0, 1, 2 …")
    return found + _times(rows.timestamps[span.start : span.stop], row)


def _logs(stored: Stored, row: Row) -> list[str]:
    span = stored.spans["logs"](row["block_number"])
    values = {name: column[span.start : span.stop] for name, column in stored.log_values.items()}
    found = _count(len(span), row["log_count"], "rows")
    if values["log_index"] != list(range(len(span))):
        found.append("log_index does not count 0, 1, 2 …")
    its = stored.spans["transactions"](row["block_number"])
    hashes = stored.transactions.hashes[its.start : its.stop]
    indexes = values["tx_index"]
    if any(after < before for before, after in pairwise(indexes)):
        found.append("tx_index goes back")
    if indexes and max(indexes) >= len(hashes):
        found.append("a log belongs to no transaction")
    elif [hashes[i] for i in indexes] != values["tx_hash"]:
        found.append("a log names another transaction than the one in its place")
    return found + _times(values["block_timestamp"], row)


def _withdrawals(stored: Stored, row: Row) -> list[str]:
    rows = stored.withdrawals_at(row["block_number"])
    found = _count(len(rows), row["withdrawal_count"] or 0, "rows")
    return found + _times([r["block_timestamp"] for r in rows], row)


def _count(found: int, wanted: int, what: str) -> list[str]:
    return [] if found == wanted else [f"{found} {what} where {wanted} were proven"]


def _times(times: Sequence[int], row: Row) -> list[str]:
    odd = sum(time != row["block_timestamp"] for time in times)
    return [f"{odd} rows have another time than their block"] if odd else []
