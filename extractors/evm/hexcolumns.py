"""Lists of hex text → Arrow columns, checked as a whole: a value that does not fit is refused.

Nothing wraps, nothing defaults: FieldError names the column.
"""

from binascii import unhexlify
from collections.abc import Sequence
from typing import Any, cast

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
    if not _is_hex(raw, lengths):
        raw = raw.lower()
        if not _is_hex(raw, lengths):
            raise FieldError(f"{name}: not hex text")
    return joined_text(raw, lengths)


def _is_hex(raw: bytes, lengths: Numbers) -> bool:
    """Whether each text is `0x` and lower-case digits."""
    ends = offsets(lengths)
    if len(raw) != int(ends[-1]):
        return False
    text, starts = np.frombuffer(raw, np.uint8), ends[:-1]
    # What is below wraps around, and is above as well.
    is_other = ((text - ord("0")) > 9) & ((text - ord("a")) > 5)
    return (
        np.count_nonzero(is_other) == len(lengths)
        and bool((text[starts] == ord("0")).all())
        and bool((text[starts + 1] == ord("x")).all())
    )


def optional_text(name: str, values: Values, size: int | None = None) -> Column:
    """Like `fixed_text` (or `bytes_text` without a size), None staying NULL."""
    present = _present(values)
    column = bytes_text(name, present) if size is None else fixed_text(name, present, size)
    return _spread(column, values)


def spread_text(values: Values) -> Column:
    """Any text as it is, None staying NULL."""
    return _spread(text_array(_present(values)), values)


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
    present = _present(values)
    big = _big_endian(present, 8)
    if big is None or (len(big) and int(big.view(">u8").max()) >> arrow_type.bit_width):
        # The long way round, which says what is wrong.
        column = number_array(numbers(name, present, arrow_type.bit_width), arrow_type)
    else:
        column = number_array(big.view(">u8").ravel(), arrow_type)
    return _spread(column, values)


def uint256(name: str, values: Values) -> Column:
    """Column of 256 bits (little-endian, as ClickHouse's UInt256), None staying NULL."""
    present = _present(values)
    words = np.zeros((len(present), UINT256_BYTES), np.uint8)
    most = max(map(len, present), default=0)
    size = next((size for size in (8, 16) if most <= 2 + 2 * size), UINT256_BYTES)
    big = _big_endian(present, size)
    if big is None:  # long way round, which says what is wrong
        found = numbers(name, present, 256)
        raw = b"".join([n.to_bytes(UINT256_BYTES, "little") for n in found])
    else:
        words[:, :size] = big[:, ::-1]
        raw = words.tobytes()
    column = pa.Array.from_buffers(UINT256, len(present), [None, pa.py_buffer(raw)])
    return _spread(column, values)


def _big_endian(values: Sequence[str], size: int) -> Numbers | None:
    """Quantities as rows of `size` bytes, all at once; None when one of them is not plain."""
    lengths = np.fromiter(map(len, values), np.int32, len(values))
    if not values:
        return np.zeros((0, size), np.uint8)
    raw = "".join(values).encode("ascii", "replace")
    if lengths.min() < 3 or lengths.max() > 2 + 2 * size or not _is_hex(raw, lengths):
        return None
    digits = np.full((len(values), 2 * size), ord("0"), np.uint8)
    first = 2 * size + 2 - lengths
    digits[np.arange(2 * size) >= first[:, None]] = np.frombuffer(raw.replace(b"0x", b""), np.uint8)
    return np.frombuffer(unhexlify(digits.tobytes()), np.uint8).reshape(-1, size)


def _present(values: Values) -> Sequence[str]:
    # Most columns have no NULL, and this is quicker than to build a list anew.
    whole = cast("Sequence[str]", values)
    return whole if all(values) else [v for v in values if v is not None]


def _spread(column: Column, values: Values) -> Column:
    """Put NULL where `values` has None; `column` holds the others in order."""
    if len(column) == len(values):
        return column
    if len(column) == 0:
        empty: Column = pa.nulls(len(values), column.type)
        return empty
    present = np.fromiter((v is not None for v in values), np.bool_, len(values))
    return take(column, np.maximum(np.cumsum(present) - 1, 0), present)
