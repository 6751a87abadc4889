"""Stored rows → the structs that proofs read, and whether the rows fit together. Pure."""

from collections.abc import Callable, Iterator, Sequence
from itertools import starmap
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from extractors.evm.structs import (
    Access,
    Authorization,
    Block,
    Log,
    Receipt,
    Transaction,
    Withdrawal,
)

Row = dict[str, Any]
_HEX = b"0123456789abcdefx"
_accesses = msgspec.json.Decoder(list[Access])
_authorizations = msgspec.json.Decoder(list[Authorization])


def hex_of(value: int | bytes | None) -> str | None:
    """JSON-RPC quantity of an integer, or of a little-endian 256-bit one; None stays None."""
    if value is None:
        return None
    return hex(value if isinstance(value, int) else int.from_bytes(value, "little"))


def block_struct(row: Row, transactions: list[Transaction], withdrawals: list[Row]) -> Block:
    """A block as the node sent it, from its rows."""
    numbers: Row = {
        name: hex_of(row[column])
        for name, column in (
            ("base_fee_per_gas", "base_fee_per_gas_wei"),
            ("blob_gas_used", "blob_gas_used"),
            ("excess_blob_gas", "excess_blob_gas"),
        )
    }
    same = (
        "parent_hash", "sha3_uncles", "state_root", "transactions_root", "receipts_root",
        "logs_bloom", "extra_data", "withdrawals_root", "parent_beacon_block_root",
        "requests_hash",
    )  # fmt: skip
    was_sent = row["withdrawal_count"] is not None or bool(withdrawals)
    return Block(
        hash=row["block_hash"],
        number=hex(row["block_number"]),
        timestamp=hex(row["block_timestamp"]),
        miner=row["miner_address"],
        difficulty=hex_of(row["difficulty"]) or "0x0",
        gas_limit=hex(row["gas_limit"]),
        gas_used=hex(row["gas_used"]),
        mix_hash=row["mix_hash"] if row["mix_hash"] != "0x" else None,
        nonce=row["nonce"] if row["nonce"] != "0x" else None,
        transactions=transactions,
        withdrawals=[_withdrawal(w) for w in withdrawals] if was_sent else None,
        **numbers,
        **{name: row[name] for name in same},
    )


def _withdrawal(row: Row) -> Withdrawal:
    return Withdrawal(
        hex(row["withdrawal_index"]),
        hex(row["validator_index"]),
        row["address"],
        hex(row["amount_gwei"]),
    )


class Transactions:
    """Transactions and receipts of a table, made column by column; rows keep their places."""

    def __init__(self, table: pa.Table) -> None:
        values: dict[str, list[Any]] = {
            name: table.column(name).to_pylist() for name in table.column_names
        }
        self.hashes: list[str] = values["tx_hash"]
        self.indexes: list[int] = values["tx_index"]
        self.timestamps: list[int] = values["block_timestamp"]
        self.transactions = list(_transactions(values))
        self.receipts = list(_receipts(values))


def _transactions(values: dict[str, list[Any]]) -> Iterator[Transaction]:
    words = {name: _words(values[name]) for name in ("signature_r", "signature_s")}
    numbers = {
        name: list(map(hex_of, values[name]))
        for name in (
            "nonce", "gas_limit", "value_raw", "tx_type", "gas_price_wei", "max_fee_per_gas_wei",
            "max_priority_fee_per_gas_wei", "max_fee_per_blob_gas_wei", "signed_chain_id",
            "signature_v", "deposit_mint_wei",
        )
    }  # fmt: skip
    lists = (
        [_decoded(_accesses, x) for x in values["access_list"]],
        [_decoded(_authorizations, x) for x in values["authorization_list"]],
    )
    return map(
        _transaction,
        values["tx_hash"], values["from_address"], numbers["nonce"], numbers["gas_limit"],
        numbers["value_raw"], values["input"], values["to_address"], numbers["tx_type"],
        numbers["gas_price_wei"], numbers["max_fee_per_gas_wei"],
        numbers["max_priority_fee_per_gas_wei"], numbers["max_fee_per_blob_gas_wei"],
        numbers["signed_chain_id"], numbers["signature_v"], *words.values(), *lists,
        values["blob_versioned_hashes"], values["deposit_source_hash"],
        numbers["deposit_mint_wei"], values["is_deposit_system"],
    )  # fmt: skip


def _transaction(
    tx_hash: str, sender: str, nonce: str, gas: str, value: str, data: str, to: str | None,
    kind: str, price: str, cap: str | None, tip: str | None, blob_cap: str | None,
    chain_id: str | None, v: str | None, r: str | None, s: str | None,
    accesses: list[Access] | None, authorizations: list[Authorization] | None,
    blobs: list[str], source_hash: str | None, mint: str | None, is_system: bool | None,
) -> Transaction:  # fmt: skip
    return Transaction(
        tx_hash, sender, nonce, gas, value, data, to, kind, price, cap, tip, blob_cap, chain_id,
        v, r, s, v, accesses, blobs, authorizations, source_hash, mint, is_system,
    )  # fmt: skip


def _decoded(decoder: Any, text: str | None) -> Any:
    """None also for text that is no such list: then the root does not come out."""
    try:
        return None if text is None else decoder.decode(text)
    except msgspec.MsgspecError:
        return None


def _receipts(values: dict[str, list[Any]]) -> Iterator[Receipt]:
    def numbers(name: str) -> list[str | None]:
        return list(map(hex_of, values[name]))

    statuses = [None if x is None else "0x1" if x else "0x0" for x in values["is_success"]]
    prices = numbers("effective_gas_price_wei")
    made, roots = values["created_contract_address"], values["post_state_root"]
    return starmap(
        _receipt,
        zip(
            values["tx_hash"], numbers("cumulative_gas_used"), numbers("gas_used"), statuses,
            roots, numbers("tx_type"), prices, made, numbers("blob_gas_used"),
            numbers("deposit_nonce"), numbers("deposit_receipt_version"), strict=True,
        ),
    )  # fmt: skip


def _receipt(
    tx_hash: str, total: str, used: str, status: str | None, root: str | None, kind: str,
    price: str, made: str | None, blob_gas: str | None, nonce: str | None, version: str | None,
) -> Receipt:  # fmt: skip
    return Receipt(
        tx_hash, total, [], used, status, root, kind, None, price, made, blob_gas,
        deposit_nonce=nonce, deposit_receipt_version=version,
    )  # fmt: skip


def _words(values: Sequence[bytes | None]) -> list[str | None]:
    return [None if x is None else "0x" + x[::-1].hex() for x in values]


def logs_of(table: pa.Table) -> list[Log]:
    """Logs in the order of the table."""
    addresses: list[Any] = table.column("address").to_pylist()
    data: list[Any] = table.column("data").to_pylist()
    topics = zip(*(table.column(f"topic{i}").to_pylist() for i in range(4)), strict=True)
    given = [list(row) if row[3] is not None else _present(row) for row in topics]
    return list(map(Log, addresses, given, data))


def _present(row: tuple[str | None, ...]) -> list[str]:
    return [topic for topic in row if topic is not None]


def odd_text(table: pa.Table, names: Sequence[str]) -> dict[str, list[int]]:
    """Columns with text that is not `0x` and lower-case digits, and the row numbers of it."""
    found: dict[str, list[int]] = {}
    for name in names:
        if _is_plain(table.column(name).combine_chunks()):
            continue
        flags = pc.match_substring_regex(table.column(name), "^0x[0-9a-f]*$").to_pylist()
        found[name] = [row for row, is_hex in enumerate(flags) if is_hex is False]
    return {name: rows for name, rows in found.items() if rows}


def _is_plain(column: Any) -> bool:
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    for chunk in chunks:
        if not len(chunk) or chunk.null_count == len(chunk):
            continue
        if not pc.all(pc.starts_with(chunk, "0x")).as_py():
            return False
        raw = chunk.buffers()[2]
        if raw is not None and raw.to_pybytes().translate(None, _HEX):
            return False
    return True


Spans = Callable[[int], range]


def spans_of(table: pa.Table) -> Spans:
    """Where the rows of a block number are, in a table ordered by it."""
    import numpy as np

    numbers = table.column("block_number").combine_chunks().to_numpy()

    def span(number: int) -> range:
        first = int(np.searchsorted(numbers, number, "left"))
        return range(first, int(np.searchsorted(numbers, number, "right")))

    return span
