"""Lists of hex text → Arrow columns, checked as a whole: a value that does not fit is refused.

Nothing wraps, nothing defaults: FieldError names the column.
"""

from binascii import unhexlify
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from extractors.evm.arrays import (
    Column,
    Numbers,
    joined_text,
    number_array,
    offsets,
    take,
    text_array,
)

UINT256 = pa.binary(32)
UINT256_BYTES = 32
_HEX_TEXT = b"0123456789abcdefx"
Values = Sequence[str | None]


class FieldError(ValueError):
    """A value is not what its column holds."""


def fixed_text(name: str, values: Sequence[str], size: int) -> Column:
    """Text of `size` bytes each, as `0x` and lower-case digits. Raises FieldError."""
    width = 2 + 2 * size
    joined = "".join(values)
    if values and set(map(len, values)) != {width}:
        raise FieldError(f"{name}: not {size} bytes")
    return _text_array(name, joined, np.full(len(values), width, np.int32))


def bytes_text(name: str, values: Sequence[str]) -> Column:
    """Text of any number of whole bytes, as `0x` and lower-case digits. Raises FieldError."""
    lengths = np.fromiter(map(len, values), np.int32, len(values))
    if (lengths & 1).any() or (lengths < 2).any():
        raise FieldError(f"{name}: not whole bytes")
    return _text_array(name, "".join(values), lengths)


def _text_array(name: str, joined: str, lengths: Numbers) -> Column:
    raw = joined.encode("ascii", "replace")
    if raw.translate(None, _HEX_TEXT):
        raw = raw.lower()
    ends = offsets(lengths)
    text = np.frombuffer(raw, np.uint8)
    starts = ends[:-1]
    is_hex = (
        len(text) == int(ends[-1])
        and not raw.translate(None, _HEX_TEXT)
        and bool((text[starts] == ord("0")).all() and (text[starts + 1] == ord("x")).all())
        and raw.count(b"x") == len(lengths)
    )
    if not is_hex:
        raise FieldError(f"{name}: not hex text")
    return joined_text(raw, lengths)


def optional_text(name: str, values: Values, size: int | None = None) -> Column:
    """Like `fixed_text` (or `bytes_text` without a size), None staying NULL."""
    present = [v for v in values if v is not None]
    column = bytes_text(name, present) if size is None else fixed_text(name, present, size)
    return _spread(column, values)


def spread_text(values: Values) -> Column:
    """Any text as it is, None staying NULL."""
    return _spread(text_array([v for v in values if v is not None]), values)


def numbers(name: str, values: Sequence[str], bits: int) -> list[int]:
    """Integers of quantities, each below 2^bits. Raises FieldError."""
    joined = "".join(values)
    if values and not (joined.isalnum() and joined.isascii() and joined.count("x") == len(values)):
        raise FieldError(f"{name}: not a quantity")
    try:
        found = [int(v, 16) for v in values]
    except ValueError:
        raise FieldError(f"{name}: not a quantity") from None
    if found and max(found) >> bits:
        raise FieldError(f"{name}: more than {bits} bits")
    return found


def unsigned(name: str, values: Values, arrow_type: Any) -> Column:
    """Column of 8 to 64 bits from quantities, None staying NULL. Raises FieldError."""
    present = [v for v in values if v is not None]
    column = number_array(numbers(name, present, arrow_type.bit_width), arrow_type)
    return _spread(column, values)


def uint256(name: str, values: Values) -> Column:
    """Column of 256 bits (little-endian, as ClickHouse's UInt256), None staying NULL."""
    present = [v for v in values if v is not None]
    raw = _words(present)
    if raw is None:  # long way round, which says what is wrong
        found = numbers(name, present, 256)
        raw = b"".join([n.to_bytes(UINT256_BYTES, "little") for n in found])
    column = pa.Array.from_buffers(UINT256, len(present), [None, pa.py_buffer(raw)])
    return _spread(column, values)


def _words(values: Sequence[str]) -> bytes | None:
    """Quantities as 32 little-endian bytes each, all at once; None when one is not plain."""
    lengths = set(map(len, values))
    if not values or min(lengths) < 3 or max(lengths) > 2 + 2 * UINT256_BYTES:
        return None if values else b""
    if {v[:2] for v in values} != {"0x"}:
        return None
    try:
        big = unhexlify("".join([v[2:].zfill(2 * UINT256_BYTES) for v in values]))
    except ValueError:
        return None
    rows = np.frombuffer(big, np.uint8).reshape(-1, UINT256_BYTES)
    return rows[:, ::-1].tobytes()


def _spread(column: Column, values: Values) -> Column:
    """Put NULL where `values` has None; `column` holds the others in order."""
    if len(column) == len(values):
        return column
    if len(column) == 0:
        empty: Column = pa.nulls(len(values), column.type)
        return empty
    present = np.fromiter((v is not None for v in values), np.bool_, len(values))
    return take(column, np.maximum(np.cumsum(present) - 1, 0), present)
