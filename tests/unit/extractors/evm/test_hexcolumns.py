"""Hex text into columns: what does not fit is refused, never wrapped."""

import pyarrow as pa
import pytest

from extractors.evm.hexcolumns import (
    FieldError,
    bytes_text,
    fixed_text,
    optional_text,
    uint256,
    unsigned,
)

MAX_UINT256 = "0x" + "f" * 64


def test_uint256_holds_the_largest_value():
    (raw,) = uint256("x", [MAX_UINT256]).to_pylist()
    assert int.from_bytes(raw, "little") == 2**256 - 1


def test_uint256_keeps_nulls_in_place():
    values = uint256("x", ["0x1", None, "0x2"]).to_pylist()
    assert [v and int.from_bytes(v, "little") for v in values] == [1, None, 2]


@pytest.mark.parametrize("text", ["0x1" + "0" * 64, "1", "0x", "0x-1", "0x1_0", "0x 1", "0x١", ""])
def test_uint256_refuses(text):
    with pytest.raises(FieldError):
        uint256("x", ["0x1", text])


def test_unsigned_refuses_what_is_wider_than_its_type():
    assert unsigned("x", ["0xffffffffffffffff"], pa.uint64()).to_pylist() == [2**64 - 1]
    with pytest.raises(FieldError, match="more than 64 bits"):
        unsigned("x", ["0x10000000000000000"], pa.uint64())


def test_bytes_text_keeps_nul_and_empty():
    assert bytes_text("x", ["0x", "0x0000", "0x00ff00"]).to_pylist() == ["0x", "0x0000", "0x00ff00"]


def test_text_is_made_lower_case():
    assert fixed_text("x", ["0xAbCd"], 2).to_pylist() == ["0xabcd"]


@pytest.mark.parametrize("text", ["0xabc", "abcd", "0xzzzz", "0xab", "0x0xab", "0xäbcd"])
def test_fixed_text_refuses(text):
    with pytest.raises(FieldError):
        fixed_text("x", ["0x1234", text], 2)


@pytest.mark.parametrize("values", [["0x1", "0x23"], ["0x12", "34"], ["0xgg"], [""]])
def test_bytes_text_refuses(values):
    with pytest.raises(FieldError):
        bytes_text("x", values)


def test_optional_text_of_nothing_but_nulls():
    assert optional_text("x", [None, None], 20).to_pylist() == [None, None]
    assert optional_text("x", [], 20).to_pylist() == []
