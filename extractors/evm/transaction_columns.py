"""Transactions with their receipts → columns of raw.transactions. Pure; raises FieldError."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pyarrow as pa

from extractors.evm.arrays import Column, bool_array, list_array, number_array
from extractors.evm.derived import blob_gas, created_address, effective_price, has_own_rules
from extractors.evm.hexcolumns import (
    FieldError,
    bytes_text,
    fixed_text,
    optional_text,
    uint256,
    unsigned,
)
from extractors.evm.signatures import signature_columns
from extractors.evm.structs import Receipt, Transaction

_SUCCESS = {None: None, "0x0": False, "0x1": True}
Fields = dict[str, Sequence[Any]]


def transaction_columns(
    txs: Sequence[Transaction], receipts: Sequence[Receipt], base_fees: Sequence[str | None]
) -> dict[str, Column]:
    """Columns by name. `base_fees` is baseFeePerGas of each transaction's block."""
    tx, receipt = _fields(Transaction, txs), _fields(Receipt, receipts)
    paid = _paid_prices(txs, receipt["effective_gas_price"], base_fees)
    types = _types(tx["type"])
    return {
        "tx_hash": fixed_text("hash", tx["hash"], 32),
        "nonce": unsigned("nonce", tx["nonce"], pa.uint64()),
        "from_address": fixed_text("from", tx["sender"], 20),
        "to_address": optional_text("to", tx["to"], 20),
        "value_raw": uint256("value", tx["value"]),
        "gas_limit": unsigned("gas", tx["gas"], pa.uint64()),
        "gas_price_wei": uint256("gasPrice", _signed_prices(tx, paid)),
        "max_fee_per_gas_wei": uint256("maxFeePerGas", tx["max_fee_per_gas"]),
        "max_priority_fee_per_gas_wei": uint256(
            "maxPriorityFeePerGas", tx["max_priority_fee_per_gas"]
        ),
        "max_fee_per_blob_gas_wei": uint256("maxFeePerBlobGas", tx["max_fee_per_blob_gas"]),
        "tx_type": number_array(types, pa.uint8()),
        "input": bytes_text("input", tx["input"]),
        "is_success": _is_success(receipt["status"]),
        "post_state_root": optional_text("root", _state_roots(receipt), 32),
        "gas_used": unsigned("gasUsed", receipt["gas_used"], pa.uint64()),
        "cumulative_gas_used": unsigned(
            "cumulativeGasUsed", receipt["cumulative_gas_used"], pa.uint64()
        ),
        "effective_gas_price_wei": uint256("effectiveGasPrice", paid),
        "created_contract_address": optional_text("contractAddress", _created(txs, receipts), 20),
        "blob_versioned_hashes": _blob_hashes(tx["blob_versioned_hashes"]),
        "blob_gas_used": unsigned("blobGasUsed", _blob_gas_used(txs, receipts), pa.uint64()),
        "blob_gas_price_wei": uint256("blobGasPrice", receipt["blob_gas_price"]),
        "l1_fee_wei": uint256("l1Fee", receipt["l1_fee"]),
        "deposit_nonce": unsigned("depositNonce", receipt["deposit_nonce"], pa.uint64()),
        "deposit_receipt_version": unsigned(
            "depositReceiptVersion", receipt["deposit_receipt_version"], pa.uint64()
        ),
        **signature_columns(tx, types),
    }


def _fields(kind: type[msgspec.Struct], items: Sequence[msgspec.Struct]) -> Fields:
    """Each field's values over all items."""
    names = kind.__struct_fields__
    if not items:
        return dict.fromkeys(names, ())
    return dict(zip(names, zip(*map(msgspec.structs.astuple, items), strict=True), strict=True))


def _types(texts: Sequence[str | None]) -> list[int]:
    numbers = {text: int(text, 16) if text is not None else 0 for text in set(texts)}
    if max(numbers.values(), default=0) > 0xFF:
        raise FieldError("type: more than 8 bits")
    return [numbers[text] for text in texts]


def _is_success(statuses: Sequence[str | None]) -> Column:
    for status in set(statuses) - _SUCCESS.keys():
        raise FieldError(f"status: {str(status)[:20]!r} is neither 0x0 nor 0x1")
    return bool_array([_SUCCESS[status] for status in statuses])


def _state_roots(receipt: Fields) -> list[str | None]:
    """The state after a transaction, which receipts told before they told success."""
    pairs = zip(receipt["root"], receipt["status"], strict=True)
    return [root if status is None else None for root, status in pairs]


def _created(txs: Sequence[Transaction], receipts: Sequence[Receipt]) -> list[str | None]:
    """The contract that was made: what follows from a success, and none from a failure, for which
    some nodes state an address too. Where success is not known, as the node states it.
    """
    return [
        None if t.to is not None and r.contract_address is None else _contract(t, r)
        for t, r in zip(txs, receipts, strict=True)
    ]


def _contract(transaction: Transaction, receipt: Receipt) -> str | None:
    if receipt.status is None or has_own_rules(transaction):
        return receipt.contract_address
    return created_address(transaction, receipt) if receipt.status == "0x1" else None


def _blob_hashes(lists: Sequence[Sequence[str] | None]) -> Column:
    fixed_text("blobVersionedHashes", [text for texts in lists for text in texts or ()], 32)
    return list_array([[text.lower() for text in texts or ()] for texts in lists])


def _blob_gas_used(txs: Sequence[Transaction], receipts: Sequence[Receipt]) -> list[str | None]:
    """As the node states it, or what follows from the number of blobs."""
    return [
        r.blob_gas_used if not t.blob_versioned_hashes else hex(blob_gas(t) or 0)
        for t, r in zip(txs, receipts, strict=True)
    ]


def _paid_prices(
    txs: Sequence[Transaction], said: Sequence[str | None], base_fees: Sequence[str | None]
) -> Sequence[str | None]:
    """effectiveGasPrice, or what follows from the transaction where the node does not say."""
    if None not in said:
        return said
    return [
        price
        if price is not None
        else hex(effective_price(t, None if fee is None else int(fee, 16)))
        for t, price, fee in zip(txs, said, base_fees, strict=True)
    ]


def _signed_prices(tx: Fields, paid: Sequence[str | None]) -> list[str | None]:
    """gasPrice where it was signed; where a fee cap was signed instead, what was paid: no root
    covers the node's word for it.
    """
    return [
        price if cap is not None else signed or price
        for signed, cap, price in zip(tx["gas_price"], tx["max_fee_per_gas"], paid, strict=True)
    ]
