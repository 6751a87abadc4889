"""Content encodings, both ways and piece by piece: a bomb meets the limit, not the memory."""

import bz2
import gzip
import lzma
import sys
import zlib
from collections.abc import Callable, Iterator
from typing import IO, Any, Protocol, cast

import lz4.frame

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

from oracul.warehouse.embedded.faults import INCORRECT_DATA, NOT_IMPLEMENTED, TOO_LARGE, Fault

PIECE_BYTES = 1 << 20
# A frame may ask for a window of two to this power (128 MiB) and not more.
_ZSTD_WINDOW_LOG = 27
_BROKEN = (OSError, EOFError, RuntimeError, ValueError, zlib.error, lzma.LZMAError)


class Compressor(Protocol):
    """One response body being packed."""

    def compress(self, data: bytes) -> bytes:
        """Packed bytes that are ready, perhaps none."""

    def flush(self) -> bytes:
        """The rest."""


class _Lz4Compressor:
    def __init__(self) -> None:
        self._frame = lz4.frame.LZ4FrameCompressor()
        self._begin: bytes = self._frame.begin()

    def compress(self, data: bytes) -> bytes:
        begin, self._begin = self._begin, b""
        return begin + cast("bytes", self._frame.compress(data))

    def flush(self) -> bytes:
        begin, self._begin = self._begin, b""
        return begin + cast("bytes", self._frame.flush())


_COMPRESSORS: dict[str, Callable[[], Compressor]] = {
    "lz4": _Lz4Compressor,
    "zstd": lambda: zstd.ZstdCompressor(level=1),
    "gzip": lambda: zlib.compressobj(1, zlib.DEFLATED, 31),
    "deflate": lambda: zlib.compressobj(1, zlib.DEFLATED, 15),
}


class _Inflate:
    """Reader of the `deflate` encoding: zlib format, or bare deflate as some clients send."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        head = source.read(2)
        wrapped = len(head) == 2 and head[0] & 15 == 8 and (head[0] * 256 + head[1]) % 31 == 0
        self._inflater = zlib.decompressobj(15 if wrapped else -15)
        self._pending = head

    def read(self, size: int) -> bytes:
        while not self._inflater.eof:
            data = self._pending or self._source.read(PIECE_BYTES)
            if not data:
                raise EOFError("the compressed body ends too early")
            piece = self._inflater.decompress(data, size)
            self._pending = self._inflater.unconsumed_tail
            if piece:
                return piece
        return b""


def _zstd_reader(source: IO[bytes]) -> Any:
    options = {int(zstd.DecompressionParameter.window_log_max): _ZSTD_WINDOW_LOG}
    return zstd.ZstdFile(source, options=options)


_READERS: dict[str, Callable[[IO[bytes]], Any]] = {
    "lz4": lz4.frame.LZ4FrameFile,
    "zstd": _zstd_reader,
    "gzip": lambda source: gzip.GzipFile(fileobj=source, mode="rb"),
    "deflate": _Inflate,
    "bz2": bz2.BZ2File,
    "xz": lzma.LZMAFile,
}


def check_encoding(encoding: str | None) -> str | None:
    """The content encoding of a request, lower case; None when it is plain. Raises Fault."""
    name = (encoding or "identity").strip().lower()
    if name == "identity":
        return None
    if name not in _READERS:
        known = ", ".join(sorted(_READERS))
        raise Fault(NOT_IMPLEMENTED, f"Unknown Content-Encoding '{name[:40]}'; known: {known}")
    return name


def unpacked(source: IO[bytes], encoding: str | None, limit_bytes: int) -> Iterator[bytes]:
    """The plain bytes of a body, in pieces of at most 1 MiB.

    Raises Fault when they are damaged, cut off, or more than `limit_bytes`.
    """
    total = 0
    try:
        reader = _READERS[encoding](source) if encoding else source
        while piece := reader.read(PIECE_BYTES):
            total += len(piece)
            if total > limit_bytes:
                raise Fault(TOO_LARGE, f"The unpacked body is larger than {limit_bytes} bytes")
            yield piece
    except (*_BROKEN, zstd.ZstdError) as error:
        raise Fault(INCORRECT_DATA, f"Cannot unpack the body ({encoding}): {error}") from None


def choose_encoding(accept: str | None) -> str | None:
    """The encoding of a reply: the first one that the client accepts and we speak."""
    for item in (accept or "").split(","):
        name, _, weight = item.strip().lower().partition(";")
        if name.strip() in _COMPRESSORS and weight.replace(" ", "") not in ("q=0", "q=0.0"):
            return name.strip()
    return None


def compressor(encoding: str) -> Compressor:
    """A packer for one reply."""
    return _COMPRESSORS[encoding]()
