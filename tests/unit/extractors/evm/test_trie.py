"""The root of the ordered trie, against a plain trie written here from the yellow paper."""

import random

import pytest

from extractors.evm.trie import EMPTY_ROOT, keccak, ordered_root


def rlp(item):
    if isinstance(item, bytes):
        if len(item) == 1 and item[0] < 0x80:
            return item
        return head(len(item), 0x80) + item
    body = b"".join(map(rlp, item))
    return head(len(body), 0xC0) + body


def head(size, base):
    if size < 56:
        return bytes([base + size])
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([base + 55 + len(length)]) + length


def path(nibbles, flag):
    odd = len(nibbles) % 2
    full = [flag + odd] + ([] if odd else [0]) + nibbles
    return bytes(16 * a + b for a, b in zip(full[::2], full[1::2], strict=True))


def node(items):
    """`items`: (nibbles, value) pairs. Returns the node as a list, not yet encoded."""
    if len(items) == 1:
        return [path(items[0][0], 2), items[0][1]]
    shared = 0
    while len({tuple(k[: shared + 1]) for k, _ in items}) == 1:
        shared += 1
    if shared:
        return [path(items[0][0][:shared], 0), link([(k[shared:], v) for k, v in items])]
    return [
        link([(k[1:], v) for k, v in items if k[0] == nibble])
        if any(k[0] == nibble for k, _ in items)
        else b""
        for nibble in range(16)
    ] + [b""]


def link(items):
    made = node(items)
    encoded = rlp(made)
    return made if len(encoded) < 32 else keccak(encoded)


def plain_root(values):
    def nibbles(index):
        key = rlp(index.to_bytes((index.bit_length() + 7) // 8, "big"))
        return [half for byte in key for half in (byte >> 4, byte & 15)]

    return keccak(rlp(node([(nibbles(i), v) for i, v in enumerate(values)])))


def test_root_of_nothing_is_the_empty_root():
    assert ordered_root([]) == EMPTY_ROOT
    assert EMPTY_ROOT.hex() == "56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"


@pytest.mark.parametrize("count", [1, 2, 15, 16, 17, 127, 128, 129, 130, 255, 256, 257, 300])
@pytest.mark.parametrize("size", [1, 20, 40, 200])
def test_root_equals_plain_trie(count, size):
    source = random.Random(count * 1000 + size)
    values = [source.randbytes(size) for _ in range(count)]
    assert ordered_root(values) == plain_root(values)
