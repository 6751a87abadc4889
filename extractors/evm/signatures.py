"""Columns of what a transaction signed beside what people read: with them stored, its hash and
transactionsRoot can be reproduced from the warehouse alone.
"""

from collections.abc import Sequence

import msgspec
import pyarrow as pa

from extractors.evm.arrays import Column, bool_array
from extractors.evm.hexcolumns import optional_text, spread_text, uint256, unsigned
from extractors.evm.structs import Transaction


def signature_columns(txs: Sequence[Transaction]) -> dict[str, Column]:
    """Columns by name, NULL where the type has no such field. Raises FieldError."""
    deposits = [t.source_hash is not None for t in txs]
    mints = [(t.mint or "0x0") if is_one else None for t, is_one in zip(txs, deposits, strict=True)]
    systems = [
        bool(t.is_system_tx) if is_one else None for t, is_one in zip(txs, deposits, strict=True)
    ]
    return {
        "signed_chain_id": unsigned("chainId", [_chain_id(t) for t in txs], pa.uint64()),
        "signature_v": unsigned("v", [_v(t) for t in txs], pa.uint64()),
        "signature_r": uint256("r", [t.r for t in txs]),
        "signature_s": uint256("s", [t.s for t in txs]),
        "access_list": _json([t.access_list or None for t in txs]),
        "authorization_list": _json([t.authorization_list for t in txs]),
        "deposit_source_hash": optional_text("sourceHash", [t.source_hash for t in txs], 32),
        "deposit_mint_wei": uint256("mint", mints),
        "is_deposit_system": bool_array(systems),
    }


def _is_typed(t: Transaction) -> bool:
    return t.type is not None and t.type != "0x0"


def _chain_id(t: Transaction) -> str | None:
    return t.chain_id if _is_typed(t) else None


def _v(t: Transaction) -> str | None:
    return t.y_parity if t.y_parity is not None and _is_typed(t) else t.v


def _json(lists: Sequence[object]) -> Column:
    return spread_text([None if x is None else msgspec.json.encode(x).decode() for x in lists])
