"""Proven blocks → Arrow tables with exactly the columns of the raw tables (but `ingested_at`).

Pure. Raises FieldError (hexcolumns) for a value that its column cannot hold.
"""

from collections.abc import Callable, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from extractors.evm.arrays import (
    SECONDS,
    Column,
    list_array,
    number_array,
    offsets,
    repeated_text,
    take,
    text_array,
)
from extractors.evm.hexcolumns import (
    bytes_text,
    fixed_text,
    numbers,
    optional_text,
    uint256,
    unsigned,
)
from extractors.evm.rest import rest_digests
from extractors.evm.structs import Block, Receipt
from extractors.evm.transaction_columns import transaction_columns

TABLES = ("logs", "transactions", "withdrawals", "blocks")


class Proven(NamedTuple):
    """A block with its receipts, the parts proven of it and the name of the endpoint."""

    block: Block
    receipts: Sequence[Receipt]
    parts: tuple[str, ...]
    source: str


def to_tables(chain: str, proven: Sequence[Proven]) -> dict[str, pa.Table]:
    """Tables for raw.logs, raw.transactions, raw.withdrawals and raw.blocks, by name."""
    positions = _Positions(chain, [p.block for p in proven])
    tables = {
        "logs": _logs(positions, proven),
        "transactions": _transactions(positions, proven),
        "withdrawals": _withdrawals(positions, proven),
        "blocks": _blocks(positions, proven),
    }
    digests = text_array(rest_digests(tables))
    tables["blocks"] = tables["blocks"].append_column("rest_digest", digests)
    return tables


class _Positions:
    """The columns that place a row: chain, number, hash and time of its block."""

    def __init__(self, chain: str, blocks: Sequence[Block]) -> None:
        self.chain = text_array([chain])
        self.number = unsigned("number", [b.number for b in blocks], pa.uint64())
        self.hash = fixed_text("hash", [b.hash for b in blocks], 32)
        seconds = numbers("timestamp", [b.timestamp for b in blocks], 32)
        self.timestamp = number_array(seconds, SECONDS)

    def repeated(self, counts: Sequence[int]) -> dict[str, Column]:
        """Key columns for `counts[i]` rows of block i."""
        rows = np.repeat(np.arange(len(counts)), counts)
        return {
            "chain": repeated_text(self.chain, np.zeros_like(rows)),
            "block_number": take(self.number, rows),
            "block_hash": repeated_text(self.hash, rows),
            "block_timestamp": take(self.timestamp, rows),
        }


def _within(counts: Sequence[int]) -> Column:
    """0, 1, 2 … within each group."""
    if not sum(counts):
        counts = [0]
    return number_array(np.concatenate([np.arange(n) for n in counts]), pa.uint32())


def _logs(positions: _Positions, proven: Sequence[Proven]) -> pa.Table:
    receipts = [r for p in proven for r in p.receipts]
    per_receipt = [len(r.logs) for r in receipts]
    logs = [log for r in receipts for log in r.logs]
    per_block = [sum(len(r.logs) for r in p.receipts) for p in proven]
    of_receipt = np.repeat(np.arange(len(receipts)), per_receipt)
    tx_hash = fixed_text("transactionHash", [r.transaction_hash for r in receipts], 32)
    tx_index = _within([len(p.receipts) for p in proven])
    columns = {
        **positions.repeated(per_block),
        "log_index": _within(per_block),
        "tx_hash": repeated_text(tx_hash, of_receipt),
        "tx_index": take(tx_index, of_receipt),
        "address": fixed_text("address", [log.address for log in logs], 20),
        **_topics([log.topics for log in logs]),
    }
    columns["data"] = bytes_text("data", [log.data for log in logs])
    return pa.table(columns)


def _topics(lists: Sequence[Sequence[str]]) -> dict[str, Column]:
    counts = np.fromiter(map(len, lists), np.int32, len(lists))
    starts = offsets(counts)[:-1]
    flat = fixed_text("topic", list(chain.from_iterable(lists)), 32)
    places = ((place, counts > place) for place in range(4))
    return {
        f"topic{place}": take(flat, np.where(present, starts + place, 0), present)
        for place, present in places
    }


def _transactions(positions: _Positions, proven: Sequence[Proven]) -> pa.Table:
    counts = [len(p.receipts) for p in proven]
    columns = transaction_columns(
        [t for p in proven for t in p.block.transactions],
        [r for p in proven for r in p.receipts],
        [p.block.base_fee_per_gas for p in proven for _ in p.receipts],
    )
    return pa.table({**positions.repeated(counts), "tx_index": _within(counts), **columns})


def _withdrawals(positions: _Positions, proven: Sequence[Proven]) -> pa.Table:
    per_block = [len(p.block.withdrawals or ()) for p in proven]
    items = [w for p in proven for w in p.block.withdrawals or ()]
    return pa.table(
        {
            **positions.repeated(per_block),
            "withdrawal_index": unsigned("index", [w.index for w in items], pa.uint64()),
            "validator_index": unsigned(
                "validatorIndex", [w.validator_index for w in items], pa.uint64()
            ),
            "address": fixed_text("address", [w.address for w in items], 20),
            "amount_gwei": unsigned("amount", [w.amount for w in items], pa.uint64()),
        }
    )


def _blocks(positions: _Positions, proven: Sequence[Proven]) -> pa.Table:
    blocks = [p.block for p in proven]

    def hash_of(field: Callable[[Block], str], name: str) -> Column:
        return fixed_text(name, [field(b) for b in blocks], 32)

    def u64(field: Callable[[Block], str | None], name: str) -> Column:
        return unsigned(name, [field(b) for b in blocks], pa.uint64())

    return pa.table(
        {
            **positions.repeated([1] * len(blocks)),
            "parent_hash": hash_of(lambda b: b.parent_hash, "parentHash"),
            "miner_address": fixed_text("miner", [b.miner for b in blocks], 20),
            "gas_limit": u64(lambda b: b.gas_limit, "gasLimit"),
            "gas_used": u64(lambda b: b.gas_used, "gasUsed"),
            "base_fee_per_gas_wei": uint256(
                "baseFeePerGas", [b.base_fee_per_gas for b in blocks]
            ),
            "difficulty": uint256("difficulty", [b.difficulty for b in blocks]),
            "size": u64(lambda b: b.size, "size"),
            "extra_data": bytes_text("extraData", [b.extra_data for b in blocks]),
            "nonce": bytes_text("nonce", [b.nonce or "0x" for b in blocks]),
            "mix_hash": bytes_text("mixHash", [b.mix_hash or "0x" for b in blocks]),
            "sha3_uncles": hash_of(lambda b: b.sha3_uncles, "sha3Uncles"),
            "transactions_root": hash_of(lambda b: b.transactions_root, "transactionsRoot"),
            "receipts_root": hash_of(lambda b: b.receipts_root, "receiptsRoot"),
            "state_root": hash_of(lambda b: b.state_root, "stateRoot"),
            "logs_bloom": fixed_text("logsBloom", [b.logs_bloom for b in blocks], 256),
            "withdrawals_root": optional_text(
                "withdrawalsRoot", [b.withdrawals_root for b in blocks], 32
            ),
            "blob_gas_used": u64(lambda b: b.blob_gas_used, "blobGasUsed"),
            "excess_blob_gas": u64(lambda b: b.excess_blob_gas, "excessBlobGas"),
            "parent_beacon_block_root": optional_text(
                "parentBeaconBlockRoot", [b.parent_beacon_block_root for b in blocks], 32
            ),
            "requests_hash": optional_text(
                "requestsHash", [b.requests_hash for b in blocks], 32
            ),
            "transaction_count": number_array([len(p.receipts) for p in proven], pa.uint32()),
            "log_count": number_array(
                [sum(len(r.logs) for r in p.receipts) for p in proven], pa.uint32()
            ),
            "withdrawal_count": _withdrawal_counts(blocks),
            "proof": list_array([p.parts for p in proven]),
            "source": text_array([p.source for p in proven]),
        }
    )  # fmt: skip


def _withdrawal_counts(blocks: Sequence[Block]) -> Column:
    """NULL where the node did not send the list, or the chain has none."""
    counts = [len(b.withdrawals or ()) for b in blocks]
    present = np.array([b.withdrawals is not None for b in blocks], np.bool_)
    return number_array(counts, pa.uint32(), present)
