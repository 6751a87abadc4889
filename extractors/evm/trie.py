"""Root of the Merkle-Patricia trie whose keys are rlp(0), rlp(1), …: transactions, receipts,
withdrawals of a block.

The shape depends on the number of values alone, so it is worked out once a number and kept.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from sha3 import keccak_256


class Leaf(NamedTuple):
    """A value by its index; `key` is the rest of its path, encoded."""

    key: bytes
    position: int


class Extension(NamedTuple):
    """A stretch of path that all values below share."""

    key: bytes
    child: "Branch"


class Branch(NamedTuple):
    """Sixteen ways on. RLP keys are prefix-free, so a branch never holds a value itself."""

    children: tuple["Leaf | Extension | Branch | None", ...]


Node = Leaf | Extension | Branch


def keccak(data: bytes) -> bytes:
    """Keccak-256 as Ethereum uses it."""
    digest: bytes = keccak_256(data).digest()
    return digest


EMPTY_ROOT = keccak(b"\x80")


def ordered_root(values: Sequence[bytes]) -> bytes:
    """Root over the values in order. No value may be empty."""
    if not values:
        return EMPTY_ROOT
    return keccak(_encode(_shape(len(values)), values))


def _encode(node: Node, values: Sequence[bytes]) -> bytes:
    if type(node) is Leaf:
        value = values[node.position]
        body = node.key + (value if _is_byte(value) else _string_head(len(value)) + value)
        return _list_head(len(body)) + body
    if type(node) is Extension:
        body = node.key + _reference(_encode(node.child, values))
        return _list_head(len(body)) + body
    parts = []
    for child in node[0]:
        if child is None:
            parts.append(b"\x80")
        else:
            encoded = _encode(child, values)  # type: ignore[arg-type]
            parts.append(b"\xa0" + keccak_256(encoded).digest() if len(encoded) >= 32 else encoded)
    parts.append(b"\x80")
    body = b"".join(parts)
    return _list_head(len(body)) + body


def _reference(encoded: bytes) -> bytes:
    return encoded if len(encoded) < 32 else b"\xa0" + keccak(encoded)


def _is_byte(value: bytes) -> bool:
    return len(value) == 1 and value[0] < 0x80


@lru_cache(maxsize=65536)
def _string_head(size: int) -> bytes:
    return _head(size, 0x80)


@lru_cache(maxsize=65536)
def _list_head(size: int) -> bytes:
    return _head(size, 0xC0)


def _head(size: int, base: int) -> bytes:
    if size < 56:
        return bytes((base + size,))
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((base + 55 + len(length),)) + length


@lru_cache(maxsize=4096)
def _shape(count: int) -> Node:
    """The trie of `count` values: which index sits where."""
    paths = sorted((_nibbles(index), index) for index in range(count))
    return _grow(paths, 0)


def _grow(paths: list[tuple[bytes, int]], depth: int) -> Node:
    first, last = paths[0][0], paths[-1][0]
    if len(paths) == 1:
        return Leaf(_path(first[depth:], is_leaf=True), paths[0][1])
    shared = depth
    while first[shared] == last[shared]:
        shared += 1
    children: list[Node | None] = [None] * 16
    for nibble in range(16):
        below = [item for item in paths if item[0][shared] == nibble]
        if below:
            children[nibble] = _grow(below, shared + 1)
    branch = Branch(tuple(children))
    if shared == depth:
        return branch
    return Extension(_path(first[depth:shared], is_leaf=False), branch)


def _nibbles(index: int) -> bytes:
    if index == 0:
        key = b"\x80"
    elif index < 0x80:
        key = bytes((index,))
    else:
        body = index.to_bytes((index.bit_length() + 7) // 8, "big")
        key = _string_head(len(body)) + body
    return bytes(half for byte in key for half in (byte >> 4, byte & 15))


def _path(nibbles: bytes, *, is_leaf: bool) -> bytes:
    """Hex-prefix encoding of a path, as an RLP string."""
    flag = 2 if is_leaf else 0
    full = bytes((flag + 1,)) + nibbles if len(nibbles) & 1 else bytes((flag, 0)) + nibbles
    packed = bytes(full[i] << 4 | full[i + 1] for i in range(0, len(full), 2))
    return packed if _is_byte(packed) else _string_head(len(packed)) + packed
