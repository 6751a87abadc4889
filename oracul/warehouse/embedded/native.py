"""The Native format as clients of a newer protocol version read it. Pure.

The engine writes Native without a protocol version. A client that sends `client_protocol_version`
(clickhouse-go, and with it Grafana's ClickHouse plugin) wants two things more: a few bytes before
each block, and one byte behind each column's type. To find the columns, their data is stepped over.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from oracul.warehouse.embedded.faults import NOT_IMPLEMENTED, Fault

# From this protocol version on both additions are expected.
FIRST_VERSION = 54454

# Field 1: no overflow rows; field 2: no bucket (-1); end.
_BLOCK_INFO = b"\x01\x00\x02\xff\xff\xff\xff\x00"
_USUAL_SERIALIZATION = b"\x00"

_SIZES = {
    f"{sign}Int{bits}": bits // 8 for sign in ("", "U") for bits in (8, 16, 32, 64, 128, 256)
} | {
    name: size
    for size, names in {
        1: "Bool Nothing Enum8",
        2: "Enum16 Date BFloat16",
        4: "Date32 DateTime Time Float32 IPv4",
        8: "DateTime64 Time64 Float64",
        16: "UUID IPv6",
    }.items()
    for name in names.split()
}
_INDEX_BYTES = (1, 2, 4, 8)
_QUOTED_NAME = re.compile(r"`(?:[^`\\]|\\.)*`\s*")


@dataclass(frozen=True, slots=True)
class Type:
    """A column's type: its name and what stands in its brackets."""

    name: str
    arguments: tuple[str, ...]


def with_protocol_version(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Native blocks, each piece holding whole ones, as a client of FIRST_VERSION reads them.

    Raises Fault for a column of a type whose length is not known here (JSON, Variant, states of
    aggregates).
    """
    try:
        for piece in pieces:
            yield b"".join(_rewritten(piece))
    finally:
        close = getattr(pieces, "close", None)
        if close is not None:
            close()


def _rewritten(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        start = at
        columns, at = _number(data, at)
        rows, at = _number(data, at)
        yield _BLOCK_INFO + data[start:at]
        for _ in range(columns):
            start = at
            at = _behind_text(data, at)
            length, text_at = _number(data, at)
            at = text_at + length
            yield data[start:at] + _USUAL_SERIALIZATION
            start = at
            if rows:
                kind = data[text_at:at].decode()
                at = _behind_data(data, _behind_prefix(at, kind), kind, rows)
            yield data[start:at]


def parse_type(text: str) -> Type:
    """`Map(String, Array(UInt8))` → Map with two arguments. Names of tuple elements are kept."""
    name, bracket, rest = text.strip().partition("(")
    if not bracket:
        return Type(name, ())
    arguments, depth, start, quoted = [], 0, 0, ""
    inner = rest.rstrip()[:-1]
    at = 0
    while at < len(inner):
        mark = inner[at]
        if quoted:
            at += mark == "\\"
            quoted = "" if mark == quoted else quoted
        elif mark in "'`":
            quoted = mark
        elif mark in "()":
            depth += 1 if mark == "(" else -1
        elif mark == "," and depth == 0:
            arguments.append(inner[start:at].strip())
            start = at + 1
        at += 1
    return Type(name, (*arguments, inner[start:].strip()))


def _elements(kind: Type) -> list[str]:
    """Types inside a tuple, without the elements' names."""
    return [_without_name(argument) for argument in kind.arguments]


def _without_name(element: str) -> str:
    if quoted := _QUOTED_NAME.match(element):
        return element[quoted.end() :]
    head, blank, rest = element.partition(" ")
    return rest.strip() if blank and "(" not in head else element


def _inner(kind: Type) -> list[str]:
    """The types whose data a type holds."""
    if kind.name in ("Nullable", "Array", "LowCardinality"):
        return [kind.arguments[0]]
    if kind.name == "SimpleAggregateFunction":
        return [kind.arguments[1]]
    return _elements(kind) if kind.name in ("Tuple", "Map") else []


def _behind_prefix(at: int, text: str) -> int:
    """Position behind what a column writes once a block: eight bytes for each LowCardinality."""
    kind = parse_type(text)
    if kind.name == "LowCardinality":
        return at + 8
    for inner in _inner(kind):
        at = _behind_prefix(at, inner)
    return at


def _behind_data(data: bytes, at: int, text: str, rows: int) -> int:
    """Position behind `rows` values of a type."""
    kind = parse_type(text)
    if kind.name == "String":
        for _ in range(rows):
            at = _behind_text(data, at)
        return at
    if kind.name == "Nullable":
        return _behind_data(data, at + rows, kind.arguments[0], rows)
    if kind.name in ("Array", "Map"):
        count = int.from_bytes(data[at + 8 * rows - 8 : at + 8 * rows], "little") if rows else 0
        at += 8 * rows
        rows = count
    if kind.name == "LowCardinality":
        return _behind_dictionary(data, at, kind, rows)
    if kind.name in ("Array", "Map", "Tuple", "SimpleAggregateFunction"):
        for inner in _inner(kind):
            at = _behind_data(data, at, inner, rows)
        return at
    return at + _size(kind, text) * rows


def _behind_dictionary(data: bytes, at: int, kind: Type, rows: int) -> int:
    """LowCardinality: kind of index, the keys, the index of each row."""
    if not rows:
        return at
    index_bytes = _INDEX_BYTES[data[at] & 3]
    keys = int.from_bytes(data[at + 8 : at + 16], "little")
    key_type = parse_type(kind.arguments[0])
    plain = key_type.arguments[0] if key_type.name == "Nullable" else kind.arguments[0]
    at = _behind_data(data, at + 16, plain, keys)
    indexes = int.from_bytes(data[at : at + 8], "little")
    return at + 8 + index_bytes * indexes


def _size(kind: Type, text: str) -> int:
    """Bytes of one value of fixed length. Raises Fault for other types."""
    if kind.name in _SIZES:
        return _SIZES[kind.name]
    if kind.name.startswith("Interval"):
        return 8
    if kind.name == "FixedString":
        return int(kind.arguments[0])
    if kind.name == "Decimal":
        digits = int(kind.arguments[0])
        return next(size for size, most in ((4, 9), (8, 18), (16, 38), (32, 76)) if digits <= most)
    raise Fault(
        NOT_IMPLEMENTED,
        f"The type {text[:80]} cannot be sent to this client: cast it, or ask for another format",
    )


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A number of variable length, and the position behind it."""
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7


def _behind_text(data: bytes, at: int) -> int:
    length = data[at]
    if length < 0x80:
        return at + 1 + length
    length, at = _number(data, at)
    return at + length
