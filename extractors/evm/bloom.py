"""Bloom filters of logs (2048 bits): combined from receipts, or made where a node omits them."""

from binascii import hexlify, unhexlify
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from extractors.evm.structs import Log
from extractors.evm.trie import keccak

BLOOM_BYTES = 256


@lru_cache(maxsize=200_000)
def bloom_bits(value: str) -> int:
    """The three bits of an address or topic (`0x…`), as an integer of 2048 bits."""
    digest = keccak(unhexlify(value[2:]))
    return (
        1 << (int.from_bytes(digest[0:2], "big") & 2047)
        | 1 << (int.from_bytes(digest[2:4], "big") & 2047)
        | 1 << (int.from_bytes(digest[4:6], "big") & 2047)
    )


def bloom_of_logs(logs: Sequence[Log]) -> str:
    """Bloom of a receipt, 512 hex digits."""
    bits = 0
    for log in logs:
        bits |= bloom_bits(log.address)
        for topic in log.topics:
            bits |= bloom_bits(topic)
    return hexlify(bits.to_bytes(BLOOM_BYTES, "big")).decode()


def combine(blooms: Sequence[str]) -> bytes:
    """Bloom of a block from those of its receipts (512 hex digits each)."""
    if not blooms:
        return bytes(BLOOM_BYTES)
    rows = np.frombuffer(unhexlify("".join(blooms)), np.uint8).reshape(-1, BLOOM_BYTES)
    combined: bytes = np.bitwise_or.reduce(rows, axis=0).tobytes()
    return combined
