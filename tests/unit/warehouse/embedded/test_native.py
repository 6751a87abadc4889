"""Native blocks as a client that names its protocol version reads them."""

from collections.abc import Iterator

import pytest

from oracul.warehouse.embedded.faults import Fault
from oracul.warehouse.embedded.native import Type, parse_type, with_protocol_version

INFO = b"\x01\x00\x02\xff\xff\xff\xff\x00"


def test_block_gets_its_info_and_each_column_its_mark() -> None:
    block = b"\x02\x01\x01a\x05UInt8\x07\x01b\x06String\x02hi"

    found = list(with_protocol_version(iter([block])))

    assert found == [INFO + b"\x02\x01\x01a\x05UInt8\x00\x07\x01b\x06String\x00\x02hi"]


def test_every_block_of_a_piece_is_rewritten() -> None:
    block = b"\x01\x02\x01a\x05UInt8\x07\x08"

    found = b"".join(with_protocol_version(iter([block + block, block])))

    assert found == 3 * (INFO + b"\x01\x02\x01a\x05UInt8\x00\x07\x08")


def test_block_without_rows_keeps_its_columns() -> None:
    found = b"".join(with_protocol_version(iter([b"\x01\x00\x01a\x16LowCardinality(String)"])))

    assert found == INFO + b"\x01\x00\x01a\x16LowCardinality(String)\x00"


def test_type_of_unknown_length_is_named() -> None:
    pieces = with_protocol_version(iter([b"\x01\x01\x01a\x04JSON\x00"]))

    with pytest.raises(Fault, match="JSON"):
        next(pieces)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("UInt8", Type("UInt8", ())),
        ("DateTime64(3, 'UTC')", Type("DateTime64", ("3", "'UTC'"))),
        ("Map(String, Array(UInt8))", Type("Map", ("String", "Array(UInt8)"))),
        (r"Enum8('a\'),(' = 1, 'b' = 2)", Type("Enum8", (r"'a\'),(' = 1", "'b' = 2"))),
        ("Tuple(a UInt8, `b c` String)", Type("Tuple", ("a UInt8", "`b c` String"))),
    ],
)
def test_type_is_taken_apart_at_its_own_commas(text: str, expected: Type) -> None:
    assert parse_type(text) == expected


def test_source_is_closed_with_the_result() -> None:
    closed = []

    def source() -> Iterator[bytes]:
        try:
            yield b"\x01\x01\x01a\x05UInt8\x07"
            yield b""
        finally:
            closed.append(True)

    pieces = with_protocol_version(source())
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]

    assert closed == [True]
