"""Arrow arrays straight from buffers.

`pa.array` imports pandas at its first call (about a second of CPU, in every process); these do not.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

Column: TypeAlias = "pa.Array[Any]"
Numbers = np.ndarray[Any, Any]
SECONDS = pa.timestamp("s", "UTC")
MILLISECONDS = pa.timestamp("ms", "UTC")


def validity(present: Numbers) -> Any:
    """Bitmap of the values that are not NULL; None when all are."""
    if present.all():
        return None
    return pa.py_buffer(np.packbits(present, bitorder="little").data)


def number_array(
    values: Sequence[int] | Numbers, arrow_type: Any, present: Numbers | None = None
) -> Column:
    """Fixed-width numbers or instants of `arrow_type`. Values must fit; `present` False = NULL."""
    raw = np.ascontiguousarray(values, dtype=_numpy_type(arrow_type))
    mask = None if present is None else validity(present)
    column: Column = pa.Array.from_buffers(
        arrow_type, len(raw), [mask, pa.py_buffer(raw.view(np.uint8).data)]
    )
    return column


def _numpy_type(arrow_type: Any) -> Any:
    if pa.types.is_timestamp(arrow_type):
        return np.int64
    return np.dtype(str(arrow_type))


def bool_array(values: Sequence[bool | None]) -> Column:
    """Booleans, None as NULL."""
    bits = np.packbits(np.array([bool(v) for v in values], np.bool_), bitorder="little")
    present = np.array([v is not None for v in values], np.bool_)
    column: Column = pa.Array.from_buffers(
        pa.bool_(), len(values), [validity(present), pa.py_buffer(bits.data)]
    )
    return column


def text_array(values: Sequence[str]) -> Column:
    """Strings as they are."""
    encoded = [v.encode() for v in values]
    return joined_text(b"".join(encoded), np.fromiter(map(len, encoded), np.int32, len(encoded)))


def joined_text(raw: bytes, lengths: Numbers) -> Column:
    """Strings from their bytes one after the other, and the length of each."""
    column: Column = pa.Array.from_buffers(
        pa.string(), len(lengths), [None, pa.py_buffer(offsets(lengths).data), pa.py_buffer(raw)]
    )
    return column


def list_array(values: Sequence[Sequence[str]]) -> Column:
    """Lists of strings."""
    lengths = np.fromiter(map(len, values), np.int32, len(values))
    starts: Any = number_array(offsets(lengths), pa.int32())
    flat = text_array([x for v in values for x in v])
    column: Column = pa.ListArray.from_arrays(starts, flat)
    return column


def offsets(lengths: Numbers) -> Numbers:
    """Where each value begins, and the end of the last."""
    ends = np.zeros(len(lengths) + 1, np.int32)
    np.cumsum(lengths, out=ends[1:])
    return ends


def instants(moment: datetime, count: int) -> Column:
    """The same instant `count` times, in milliseconds."""
    value = round(moment.timestamp() * 1000)
    return number_array(np.full(count, value, np.int64), MILLISECONDS)


def take(column: Column, positions: Numbers, present: Numbers | None = None) -> Column:
    """Values of a column at these positions; NULL where `present` is False."""
    taken: Column = column.take(number_array(positions, pa.int32(), present))
    return taken


def repeated_text(column: Column, positions: Numbers) -> Column:
    """Texts of a column at these positions, as a dictionary array that keeps each text once: the
    engine refuses a dictionary that holds one twice.
    """
    unique: Any = column.dictionary_encode()
    return pa.DictionaryArray.from_arrays(take(unique.indices, positions), unique.dictionary)
