"""Stored rows of a batch of blocks → a verdict on each. Pure, so that worker processes run it.

The proofs are those of landing, over structs rebuilt from the rows. Rows from before signatures
were stored cannot give transactionsRoot: they are partial, not broken.
"""

from collections.abc import Callable
from typing import Any

import pyarrow as pa

from extractors.evm.encode import Unencodable
from extractors.evm.polygon import split_state_sync
from extractors.evm.proof import (
    check_derived,
    check_shape,
    prove_header,
    prove_receipts,
    prove_transactions,
    prove_withdrawals,
)
from extractors.evm.rest import rest_digests
from extractors.evm.structs import Block, Receipt
from extractors.evm.verify.fit import Stored, fit_faults, text_faults
from extractors.evm.verify.rows import block_struct
from extractors.evm.verify.verdict import (
    AS_LANDED,
    BLOCKS,
    DERIVED,
    HEADER,
    LOGS,
    POINTERS,
    RECEIPTS_ROOT,
    STORED,
    TRANSACTIONS,
    TRANSACTIONS_ROOT,
    WITHDRAWALS,
    WITHDRAWALS_ROOT,
    Batch,
    Fault,
    Pointed,
    State,
    Verdict,
)
from oracul.errors import ProofFailed

# Tables whose faults break a dataset. Receipts are columns of transactions, logs are theirs.
_BREAKS = {
    BLOCKS: {BLOCKS, POINTERS},
    TRANSACTIONS: {TRANSACTIONS},
    LOGS: {LOGS},
    WITHDRAWALS: {WITHDRAWALS},
}


def judge(batch: Batch) -> list[Verdict]:
    """A verdict on every pointer of the batch, in their order."""
    tables = {name: _read(stream) for name, stream in batch.tables.items()}
    stored = Stored(tables, {p.number: p.hash for p in batch.pointers})
    odd = text_faults(stored)
    digests = _digests(stored)
    return [_judge(batch, stored, p, odd.get(p.number, []), digests) for p in batch.pointers]


def _read(stream: bytes) -> pa.Table:
    return pa.ipc.open_stream(pa.py_buffer(stream)).read_all().combine_chunks()


def _digests(stored: Stored) -> dict[int, str]:
    try:
        found = rest_digests(stored.tables)
    except (ValueError, TypeError, IndexError):  # rows too odd to be laid side by side
        return {}
    return dict(zip((row["block_number"] for row in stored.blocks), found, strict=True))


def _judge(
    batch: Batch, stored: Stored, pointer: Pointed, odd: list[Fault], digests: dict[int, str]
) -> Verdict:
    faults = [*batch.known.get(pointer.number, ()), *odd]
    row = stored.row(pointer.number)
    if row is None:
        faults.append(Fault(BLOCKS, STORED, "the pointer names a block that is not stored"))
        missing: State = "missing"
        return Verdict(pointer.number, pointer.hash, (missing,) * 4, tuple(faults))
    faults += fit_faults(stored, pointer, row)
    partial: set[str] = set()
    block, receipts = _rebuilt(stored, row)
    if row["rest_digest"] and digests.get(pointer.number) != row["rest_digest"]:
        faults.append(Fault(TRANSACTIONS, AS_LANDED, "other values than those that landed"))
    _prove(batch.chain, block, receipts, row, faults, partial)
    return Verdict(pointer.number, pointer.hash, _states(faults, partial), tuple(faults))


def _rebuilt(stored: Stored, row: dict[str, Any]) -> tuple[Block, list[Receipt]]:
    number = row["block_number"]
    span = stored.spans["transactions"](number)
    receipts = stored.transactions.receipts[span.start : span.stop]
    indexes = stored.log_values["tx_index"]
    for place in stored.spans["logs"](number):
        if indexes[place] < len(receipts):
            receipts[indexes[place]].logs.append(stored.logs[place])
    transactions = stored.transactions.transactions[span.start : span.stop]
    return block_struct(row, transactions, stored.withdrawals_at(number)), receipts


def _prove(
    chain: str,
    block: Block,
    receipts: list[Receipt],
    row: dict[str, Any],
    faults: list[Fault],
    partial: set[str],
) -> None:
    is_old = not row["rest_digest"]

    def hold(table: str, check: str, prove: Callable[[], object]) -> None:
        try:
            if prove() is False:
                partial.add(table)
        except (ProofFailed, ValueError, LookupError) as error:
            if isinstance(error, Unencodable) and is_old and check == TRANSACTIONS_ROOT:
                partial.add(table)
            else:
                reason = error.message if isinstance(error, ProofFailed) else str(error)
                faults.append(Fault(table, check, reason[:200]))

    hold(BLOCKS, HEADER, lambda: prove_header(block))
    hold(TRANSACTIONS, TRANSACTIONS_ROOT, lambda: check_shape(block, receipts))
    covered, its_receipts, has_more = split_state_sync(chain, block, receipts)
    if has_more:
        partial.update((TRANSACTIONS, LOGS))
    hold(TRANSACTIONS, TRANSACTIONS_ROOT, lambda: prove_transactions(covered))
    before = len(faults)
    hold(LOGS, RECEIPTS_ROOT, lambda: prove_receipts(covered, its_receipts))
    if len(faults) > before:  # outcomes of transactions are under the same root
        partial.add(TRANSACTIONS)
    hold(TRANSACTIONS, DERIVED, lambda: check_derived(covered, its_receipts, chain))
    hold(WITHDRAWALS, WITHDRAWALS_ROOT, lambda: _withdrawals(chain, block))


def _withdrawals(chain: str, block: Block) -> bool:
    """False only where there are withdrawals to prove and they cannot be."""
    return prove_withdrawals(block, chain) or block.withdrawals_root is None or (
        block.withdrawals == []
    )  # fmt: skip


def _states(faults: list[Fault], partial: set[str]) -> tuple[State, State, State, State]:
    tables = {fault.table for fault in faults}

    def state(table: str) -> State:
        if tables & _BREAKS[table]:
            return "broken"
        return "partial" if table in partial else "proven"

    return state(BLOCKS), state(TRANSACTIONS), state(LOGS), state(WITHDRAWALS)
