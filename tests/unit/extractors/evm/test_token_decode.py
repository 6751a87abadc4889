"""Token contracts' answers, good and bad."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extractors.evm.token_decode import (
    HEX_LIMIT,
    TEXT_LIMIT,
    Text,
    decode_text,
    decode_token,
    decode_uint,
)


def word(value: int) -> str:
    return f"{value:064x}"


def abi_string(data: bytes) -> str:
    padded = data + b"\0" * (-len(data) % 32)
    return "0x" + word(32) + word(len(data)) + padded.hex()


def bytes32(data: bytes) -> str:
    return "0x" + data.ljust(32, b"\0").hex()


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (abi_string(b"USDC"), Text("USDC", "string")),
        (abi_string("₮ and 💰".encode()), Text("₮ and 💰", "string")),
        (abi_string(b""), Text("", "string")),
        (abi_string(b"ETH\0\0\0"), Text("ETH", "string")),
        (abi_string(b"A" * 31), Text("A" * 31, "string")),
        (abi_string(b"A" * 33), Text("A" * 33, "string")),
        ("0x" + word(32) + word(3) + b"ETH".hex(), Text("ETH", "string")),
        (bytes32(b"MKR"), Text("MKR", "bytes32")),
        (bytes32(b""), Text("", "bytes32")),
        ("0x" + b"LEFT".rjust(32, b"\0").hex(), Text("LEFT", "bytes32")),
        (abi_string(b"\xff\xfe\xfd"), Text(None, "non_utf8")),
        (bytes32(b"\x80\x81"), Text(None, "non_utf8")),
        ("0x" + word(32) + word(99) + word(0), Text(None, "non_utf8")),
        ("0x" + word(2**255) + word(3) + word(0), Text(None, "non_utf8")),
        ("0x" + word(32) + word(2**256 - 1), Text(None, "non_utf8")),
        ("0x1234", Text(None, "non_utf8")),
        ("0xzz", Text(None, "non_utf8")),
        ("0x", Text(None, None)),
        ("", Text(None, None)),
        (None, Text(None, None)),
    ],
)
def test_decode_text_reads_each_form(answer: str | None, text: Text) -> None:
    assert decode_text(answer) == text


def test_decode_text_cuts_a_text_of_ten_megabytes() -> None:
    text = decode_text(abi_string(b"A" * 10_000_000))
    assert (text.value, text.is_cut) == ("A" * TEXT_LIMIT, True)


def test_decode_text_cuts_between_characters() -> None:
    text = decode_text(abi_string("€".encode() * 2000))
    assert (text.value, text.is_cut) == ("€" * TEXT_LIMIT, True)


def test_decode_token_says_what_was_cut_and_keeps_little_of_it() -> None:
    token = decode_token({"symbol": abi_string(b"S" * 5000)})
    assert token.faults == ["symbol of 5,088 bytes was cut"]
    assert len(token.symbol_hex) == HEX_LIMIT


@pytest.mark.parametrize(
    ("answer", "decimals"),
    [
        ("0x" + word(18), 18),
        ("0x" + word(0), 0),
        ("0x" + word(255), 255),
        ("0x" + word(256), None),
        ("0x" + word(2**256 - 1), None),
        ("0x12", None),
        (abi_string(b"text"), None),
        ("0x", None),
        (None, None),
    ],
)
def test_decode_uint_never_defaults_decimals(answer: str | None, decimals: int | None) -> None:
    assert decode_uint(answer, most=255) == decimals


def test_decode_uint_reads_the_largest_supply_exactly() -> None:
    assert decode_uint("0x" + "f" * 64) == 2**256 - 1


@pytest.mark.parametrize(
    ("answers", "has_code", "status"),
    [
        ({"symbol": abi_string(b"A"), "name": bytes32(b"B")}, True, "string"),
        ({"name": bytes32(b"B")}, True, "bytes32"),
        ({"symbol": abi_string(b"\xff")}, True, "non_utf8"),
        ({"decimals": "0x" + word(6)}, True, "reverted"),
        ({"symbol": "0x", "name": None}, False, "no_code"),
    ],
)
def test_decode_token_reports_how_the_symbol_was_written(
    answers: dict[str, str | None], has_code: bool, status: str
) -> None:
    assert decode_token(answers, has_code=has_code).decode_status == status


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(
        st.sampled_from(["name", "symbol", "decimals", "total_supply"]),
        st.none()
        | st.text("0x19afgZ٣é ", max_size=80)
        | st.binary(max_size=200).map(lambda b: "0x" + b.hex()),
    )
)
def test_decode_token_never_raises_and_never_invents(answers: dict[str, str | None]) -> None:
    token = decode_token(answers)
    assert token.decimals is None or 0 <= token.decimals <= 255
    assert token.decimals is None or answers["decimals"] == "0x" + word(token.decimals)
    assert token.symbol is None or "\0" not in token.symbol


@settings(deadline=None)
@given(st.text("aZ0 $₮é💰\u202e\n", max_size=60))
def test_decode_text_brings_every_string_back(text: str) -> None:
    assert decode_text(abi_string(text.encode())) == Text(text, "string")
