"""Bodies in all encodings, whole, in several frames, damaged, and too large when unpacked."""

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable

import lz4.frame
import pytest
from backports import zstd

from oracul.warehouse.embedded.codecs import (
    check_encoding,
    choose_encoding,
    compressor,
    unpacked,
)
from oracul.warehouse.embedded.faults import Fault

TEXT = b"".join(b"%d," % number for number in range(200_000))
PACK: dict[str, Callable[[bytes], bytes]] = {
    "lz4": lz4.frame.compress,
    "zstd": zstd.compress,
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
}


def read(data: bytes, encoding: str | None, limit: int = 1 << 30) -> bytes:
    return b"".join(unpacked(io.BytesIO(data), encoding, limit))


@pytest.mark.parametrize("encoding", PACK)
def test_body_is_unpacked(encoding: str) -> None:
    assert read(PACK[encoding](TEXT), encoding) == TEXT


@pytest.mark.parametrize("encoding", ["lz4", "zstd", "gzip", "bz2", "xz"])
def test_all_frames_of_a_body_are_unpacked(encoding: str) -> None:
    pack = PACK[encoding]

    assert read(pack(TEXT) + pack(b"second") + pack(b"third"), encoding) == TEXT + b"secondthird"


def test_bare_deflate_is_unpacked() -> None:
    packer = zlib.compressobj(wbits=-15)

    assert read(packer.compress(TEXT) + packer.flush(), "deflate") == TEXT


@pytest.mark.parametrize("encoding", PACK)
def test_cut_body_is_refused(encoding: str) -> None:
    packed = PACK[encoding](TEXT)

    with pytest.raises(Fault):
        read(packed[: len(packed) // 2], encoding)


@pytest.mark.parametrize("encoding", PACK)
def test_body_that_is_not_packed_is_refused(encoding: str) -> None:
    with pytest.raises(Fault):
        read(b"this is plain text, certainly", encoding)


@pytest.mark.parametrize("encoding", PACK)
def test_bomb_stops_at_the_limit(encoding: str) -> None:
    bomb = PACK[encoding](bytes(16 << 20))
    pieces = unpacked(io.BytesIO(bomb), encoding, 4 << 20)

    with pytest.raises(Fault, match="larger than"):
        assert max(len(piece) for piece in pieces) <= 1 << 20


def test_unknown_encoding_is_refused() -> None:
    with pytest.raises(Fault, match="known:"):
        check_encoding("snappy")


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("lz4,zstd,gzip", "lz4"),
        ("br, gzip;q=0.5", "gzip"),
        ("gzip;q=0, zstd", "zstd"),
        ("identity", None),
        ("", None),
        (None, None),
    ],
)
def test_first_known_encoding_that_is_accepted_is_chosen(
    accept: str | None, chosen: str | None
) -> None:
    assert choose_encoding(accept) == chosen


@pytest.mark.parametrize("encoding", ["lz4", "zstd", "gzip", "deflate"])
def test_reply_is_packed_in_pieces(encoding: str) -> None:
    packer = compressor(encoding)

    packed = b"".join([packer.compress(TEXT[:5000]), packer.compress(TEXT[5000:]), packer.flush()])

    assert read(packed, encoding) == TEXT


@pytest.mark.parametrize("encoding", ["lz4", "zstd", "gzip", "deflate"])
def test_empty_reply_is_packed(encoding: str) -> None:
    assert read(compressor(encoding).flush(), encoding) == b""
