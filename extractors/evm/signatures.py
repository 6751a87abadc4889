"""Columns of what a transaction signed beside what people read: with them stored, its hash and
transactionsRoot can be reproduced from the warehouse alone.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import pyarrow as pa

from extractors.evm.arrays import Column, bool_array
from extractors.evm.hexcolumns import optional_text, spread_text, uint256, unsigned


def signature_columns(tx: Mapping[str, Sequence[Any]], types: Sequence[int]) -> dict[str, Column]:
    """Columns by name, NULL where the type has no such field, from the values of each field over
    all transactions. Raises FieldError.
    """
    sources = tx["source_hash"]
    mints = [
        (mint or "0x0") if source is not None else None
        for source, mint in zip(sources, tx["mint"], strict=True)
    ]
    systems = [
        bool(is_system) if source is not None else None
        for source, is_system in zip(sources, tx["is_system_tx"], strict=True)
    ]
    # Only typed transactions sign their chain, and have a parity instead of a v.
    chain_ids = [id_ if kind else None for kind, id_ in zip(types, tx["chain_id"], strict=True)]
    vs = [
        parity if kind and parity is not None else v
        for kind, parity, v in zip(types, tx["y_parity"], tx["v"], strict=True)
    ]
    return {
        "signed_chain_id": unsigned("chainId", chain_ids, pa.uint64()),
        "signature_v": unsigned("v", vs, pa.uint64()),
        "signature_r": uint256("r", tx["r"]),
        "signature_s": uint256("s", tx["s"]),
        "access_list": _json([entries or None for entries in tx["access_list"]]),
        "authorization_list": _json(tx["authorization_list"]),
        "deposit_source_hash": optional_text("sourceHash", sources, 32),
        "deposit_mint_wei": uint256("mint", mints),
        "is_deposit_system": bool_array(systems),
    }


def _json(lists: Sequence[object]) -> Column:
    return spread_text([None if x is None else msgspec.json.encode(x).decode() for x in lists])
