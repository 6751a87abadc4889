"""RLP written as hex text. Vectors: the RLP page of the Ethereum specification."""

import pytest

from extractors.evm.rlp import QUANTITY, encode_bytes, encode_list, list_prefix, string_prefix


@pytest.mark.parametrize(
    ("text", "encoded"),
    [
        ("0x0", "80"),
        ("0x00", "80"),
        ("0xf", "0f"),
        ("0x7f", "7f"),
        ("0x80", "8180"),
        ("0x400", "820400"),
        ("0x0400", "820400"),
        ("0x" + "f" * 64, "a0" + "f" * 64),
    ],
)
def test_quantity_is_encoded_without_leading_zeros(text, encoded):
    assert QUANTITY[text] == encoded


@pytest.mark.parametrize("text", ["", "0x", "12", "0x1" + "0" * 64])
def test_quantity_refuses_what_is_none(text):
    with pytest.raises(ValueError):
        QUANTITY[text]


@pytest.mark.parametrize(
    ("text", "encoded"),
    [("0x", "80"), ("0x7f", "7f"), ("0x80", "8180"), ("0x646f67", "83646f67")],
)
def test_bytes_are_encoded(text, encoded):
    assert encode_bytes(text) == encoded


def test_bytes_refuse_half_a_byte():
    with pytest.raises(ValueError):
        encode_bytes("0x123")


def test_long_string_has_a_length_of_its_length():
    assert string_prefix(56) == "b838"
    assert string_prefix(1024) == "b90400"


def test_list_prefix_grows_the_same_way():
    assert list_prefix(55) == "f7"
    assert list_prefix(256) == "f90100"
    assert encode_list("83636174" + "83646f67") == "c88363617483646f67"
