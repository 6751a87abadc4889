"""RLP, written as hex text: answers come as hex, so prefixes are put in between and the whole is
unhexed once. Every function takes `0x…` text and gives hex without `0x`.

Lengths that this relies on (20-byte addresses, 32-byte hashes) are checked by the caller.
"""

from functools import lru_cache

_CACHED = 50_000


@lru_cache(maxsize=_CACHED)
def string_prefix(size: int) -> str:
    """Prefix of a byte string of `size` bytes (not for a single byte below 0x80)."""
    return _prefix(size, 0x80)


@lru_cache(maxsize=_CACHED)
def list_prefix(size: int) -> str:
    """Prefix of a list whose encoded items take `size` bytes."""
    return _prefix(size, 0xC0)


def _prefix(size: int, base: int) -> str:
    if size < 56:
        return f"{base + size:02x}"
    length = f"{size:x}"
    if len(length) & 1:
        length = "0" + length
    return f"{base + 55 + len(length) // 2:02x}{length}"


class _Quantities(dict[str, str]):
    """Encoded quantities by their text: most of a block's numbers repeat."""

    def __missing__(self, text: str) -> str:
        if text[:2] != "0x" or len(text) < 3:
            raise ValueError(f"not a quantity: {text[:80]!r}")
        digits = text[2:].lstrip("0")
        if len(digits) & 1:
            digits = "0" + digits
        if len(digits) > 64:
            raise ValueError(f"more than 256 bits: {text[:80]!r}")
        if not digits:
            encoded = "80"
        elif len(digits) == 2 and digits < "80":
            encoded = digits
        else:
            encoded = string_prefix(len(digits) >> 1) + digits
        if len(self) >= _CACHED:
            self.clear()
        self[text] = encoded
        return encoded


QUANTITY = _Quantities()


def encode_bytes(text: str) -> str:
    """A byte string. Raises ValueError for half a byte or a missing `0x`."""
    if text[:2] != "0x" or len(text) & 1:
        raise ValueError(f"not hex bytes: {text[:80]!r}")
    if len(text) == 4 and text[2:] < "80":
        return text[2:]
    return string_prefix((len(text) - 2) >> 1) + text[2:]


def encode_list(items: str) -> str:
    """A list of items that are already encoded and joined."""
    return list_prefix(len(items) >> 1) + items


def encode_address(text: str | None) -> str:
    """20 bytes, or the empty string for a contract creation."""
    return "80" if text is None else "94" + text[2:]


def encode_hash(text: str) -> str:
    """32 bytes."""
    return "a0" + text[2:]
