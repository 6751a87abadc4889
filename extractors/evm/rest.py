"""A digest over the columns that no root of the header covers, kept with the block at landing.

Roots say that stored rows are the chain's; for the rest (senders, created contracts, the price of
blob gas, fees for layer 1 …) the endpoint's word was taken, and the digest says that it is still
that word. Where a block's transactions or receipts could not be proven, it covers all their rows.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from extractors.evm.arrays import Column

VERSION = "1"
# Named one by one, so that a column which a later migration adds does not change the digest of what
# is stored already. The place of a row and its time are compared with the block's row instead.
_TRANSACTIONS = (
    "access_list", "authorization_list", "blob_gas_price_wei", "blob_gas_used",
    "blob_versioned_hashes", "created_contract_address", "cumulative_gas_used", "deposit_mint_wei",
    "deposit_nonce", "deposit_receipt_version", "deposit_source_hash", "effective_gas_price_wei",
    "from_address", "gas_limit", "gas_price_wei", "gas_used", "input", "is_deposit_system",
    "is_success", "l1_fee_wei", "max_fee_per_blob_gas_wei", "max_fee_per_gas_wei",
    "max_priority_fee_per_gas_wei", "nonce", "post_state_root", "signature_r", "signature_s",
    "signature_v", "signed_chain_id", "to_address", "tx_hash", "tx_index", "tx_type", "value_raw",
)  # fmt: skip
_LOGS = ("address", "data", "log_index", "topic0", "topic1", "topic2", "topic3", "tx_hash",
         "tx_index")  # fmt: skip
# Under transactionsRoot and receiptsRoot in every type that can be proven.
_COVERED = frozenset({"tx_hash", "to_address", "value_raw", "input"})
_OF_BLOCK = ("size", "transaction_count", "log_count", "withdrawal_count")
_ROOTS = frozenset({"transactions", "receipts", "bloom"})


def rest_digests(tables: dict[str, pa.Table]) -> list[str]:
    """One digest a block, in the order of the blocks. Rows of each table must be in block order."""
    blocks = tables["blocks"]
    numbers = _numbers(blocks)
    transactions = _Rows(tables["transactions"], _TRANSACTIONS, numbers)
    logs = _Rows(tables["logs"], _LOGS, numbers)
    heads = [blocks.column(name).to_pylist() for name in (*_OF_BLOCK, "proof")]
    found = []
    for place, (*said, proof) in enumerate(zip(*heads, strict=True)):
        covers = _ROOTS.issubset(proof)
        digest = hashlib.sha256(repr((said, list(proof))).encode())
        transactions.add(digest, place, without=_COVERED if covers else frozenset())
        if not covers:
            logs.add(digest, place, without=frozenset())
        found.append(f"{VERSION}:{digest.hexdigest()}")
    return found


class _Rows:
    """Columns of a table by name, and where the rows of each block begin and end."""

    def __init__(
        self, table: pa.Table, names: Sequence[str], numbers: np.ndarray[Any, Any]
    ) -> None:
        self.columns = {name: _whole(table.column(name)) for name in names}
        of_row = _numbers(table)
        self.starts = np.searchsorted(of_row, numbers, "left").tolist()
        self.ends = np.searchsorted(of_row, numbers, "right").tolist()

    def add(self, digest: Any, place: int, *, without: frozenset[str]) -> None:
        """Put a block's rows into the digest, column by column."""
        start, count = self.starts[place], self.ends[place] - self.starts[place]
        digest.update(b"%d" % count)
        for name, column in self.columns.items():
            if name not in without:
                digest.update(_bytes_of(column.slice(start, count)))


def _bytes_of(values: Column) -> bytes:
    """The same bytes for the same values, whatever stands around them in the column."""
    nulls = values.null_count
    if nulls == len(values):
        return b"N"
    kind = values.type
    if nulls == 0 and not (pa.types.is_nested(kind) or pa.types.is_boolean(kind)):
        if pa.types.is_string(kind):
            return _text_bytes(values)
        width = kind.bit_width // 8
        first = values.offset * width
        return bytes(b"F" + _raw(values, 1)[first : first + len(values) * width].tobytes())
    return b"L" + repr(values.to_pylist()).encode()


def _text_bytes(values: Column) -> bytes:
    places = _raw(values, 1).view(np.int32)
    ends = places[values.offset : values.offset + len(values) + 1]
    return bytes(b"T" + np.diff(ends).tobytes() + _raw(values, 2)[ends[0] : ends[-1]].tobytes())


def _raw(values: Column, place: int) -> Any:
    """A buffer of a column as bytes; empty where there is none."""
    buffer: Any = values.buffers()[place]
    return np.frombuffer(b"" if buffer is None else buffer, np.uint8)


def _whole(column: Any) -> Column:
    whole: Any = column.combine_chunks()
    if isinstance(whole, pa.ChunkedArray):
        whole = whole.chunk(0) if whole.num_chunks else pa.array([], whole.type)
    if pa.types.is_dictionary(whole.type):
        whole = whole.dictionary_decode()
    plain: Column = whole
    return plain


def _numbers(table: pa.Table) -> np.ndarray[Any, Any]:
    column = _whole(table.column("block_number"))
    numbers: np.ndarray[Any, Any] = _raw(column, 1).view(np.uint64)
    return numbers[column.offset : column.offset + len(column)]
