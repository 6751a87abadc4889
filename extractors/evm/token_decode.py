"""What a token contract says of itself, from the bytes it answered with. Pure; never raises.

Contracts answer `name()` and `symbol()` as an ABI string, as bytes32, as bytes that are no text, or
not at all. Nothing is invented: what cannot be read is None, and there is no default for decimals.
"""

import codecs
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Status = Literal["string", "bytes32", "non_utf8", "reverted", "no_code"]

# Longest name or symbol that is kept, in characters; longest answer that is kept, in hex digits.
TEXT_LIMIT = 256
HEX_LIMIT = 4096
_WORD = 32
# The longest text in UTF-8 with the two words before it, at their furthest usual place.
_READ_LIMIT = 64 * _WORD + 4 * TEXT_LIMIT

# Function selectors, with the upper-case fall-back that some old contracts have instead.
SELECTORS = {
    "name": "0x06fdde03",
    "symbol": "0x95d89b41",
    "decimals": "0x313ce567",
    "total_supply": "0x18160ddd",
}
FALL_BACKS = {"name": "0xa3f4df7e", "symbol": "0xf76f8d78", "decimals": "0x2e0f2625"}

# The node's answers by field: hex data, or None where the call reverted.
Answers = Mapping[str, str | None]


@dataclass(frozen=True)
class Text:
    """A decoded text: `form` says how it was written; None = no answer. `is_cut`: too long.
    `had_nuls`: NUL bytes were left out of its middle.
    """

    value: str | None
    form: Literal["string", "bytes32", "non_utf8"] | None
    is_cut: bool = False
    had_nuls: bool = False


@dataclass(frozen=True)
class TokenMetadata:
    """One contract's own words. `total_supply_raw` is in its smallest unit; `faults` are sentences
    about what was cut or left out."""

    name: str | None
    symbol: str | None
    decimals: int | None
    total_supply_raw: int | None
    name_hex: str
    symbol_hex: str
    decode_status: Status
    faults: list[str] = field(default_factory=list)


def decode_token(answers: Answers, *, has_code: bool = True) -> TokenMetadata:
    """Metadata from the answers; a field that is missing counts as reverted.

    `decode_status` tells how the symbol was written, or the name where there is no symbol.
    """
    name, symbol = decode_text(answers.get("name")), decode_text(answers.get("symbol"))
    form = symbol.form or name.form
    texts = (("name", name), ("symbol", symbol))
    faults = [
        f"{what} of {_byte_length(answers.get(what)):,} bytes was cut"
        for what, text in texts
        if text.is_cut
    ]
    faults += [f"NUL bytes were left out of the {what}" for what, text in texts if text.had_nuls]
    return TokenMetadata(
        name=name.value,
        symbol=symbol.value,
        decimals=decode_uint(answers.get("decimals"), most=255),
        total_supply_raw=decode_uint(answers.get("total_supply")),
        name_hex=(answers.get("name") or "")[:HEX_LIMIT],
        symbol_hex=(answers.get("symbol") or "")[:HEX_LIMIT],
        decode_status=form or ("reverted" if has_code else "no_code"),
        faults=faults,
    )


def is_absent(answer: str | None) -> bool:
    """True when a call brought nothing: it reverted, or the contract has no such function."""
    return answer is None or answer in ("", "0x")


def decode_text(answer: str | None) -> Text:
    """Text of an ABI string or a bytes32, NUL bytes left out, at most TEXT_LIMIT characters.

    Bytes that are neither, or not UTF-8, give form `non_utf8` without a value.
    """
    if answer is None or is_absent(answer):
        return Text(None, None)
    data = _to_bytes(answer[: 2 + 2 * _READ_LIMIT])
    length = _byte_length(answer)
    if data is None:
        return Text(None, "non_utf8")
    if length == _WORD:
        # Padded with NULs behind; some contracts put them in front.
        return _text(data.strip(b"\0"), "bytes32", is_cut=False)
    if length < 2 * _WORD:
        return Text(None, "non_utf8")
    offset = int.from_bytes(data[:_WORD])
    start = offset + _WORD
    if start > min(length, len(data)):
        return Text(None, "non_utf8")
    size = int.from_bytes(data[offset:start])
    if start + size > length:
        return Text(None, "non_utf8")
    return _text(data[start : start + size], "string", is_cut=start + size > len(data))


def decode_uint(answer: str | None, most: int = 2**256 - 1) -> int | None:
    """The number in exactly one word; None for any other length or a number above `most`.

    A longer answer is not a number: a contract that answers every call with a text would have 32
    decimals, the offset at its beginning.
    """
    if answer is None or _byte_length(answer) != _WORD:
        return None
    data = _to_bytes(answer)
    if data is None:
        return None
    value = int.from_bytes(data)
    return value if value <= most else None


def _text(data: bytes, form: Literal["string", "bytes32"], *, is_cut: bool) -> Text:
    # Strict about wrong bytes, but a character may be cut in two at the end of a long text.
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    try:
        text = decoder.decode(data, final=not is_cut).strip("\0")
    except UnicodeDecodeError:
        return Text(None, "non_utf8")
    value = text.replace("\0", "")
    is_cut = is_cut or len(value) > TEXT_LIMIT
    return Text(value[:TEXT_LIMIT], form, is_cut, had_nuls=value != text)


def _to_bytes(answer: str) -> bytes | None:
    digits = answer[2:]
    if not answer.startswith("0x") or len(digits) % 2 or not digits.isalnum():
        return None
    try:
        return bytes.fromhex(digits)
    except ValueError:
        return None


def _byte_length(answer: str | None) -> int:
    return max(0, len(answer or "") - 2) // 2
