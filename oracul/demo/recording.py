"""A recorded chain: what a node answered, kept as the bytes it answered with.

One file holds one recording: zstd-compressed JSON lines, the first describing the chain, each other
one a block of a branch with its receipts.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import zstandard

MAIN = "main"


@dataclass(frozen=True)
class RecordedBlock:
    """One block as answered: `block` is the JSON of eth_getBlockByNumber with full transactions,
    `receipts` that of eth_getBlockReceipts (None = not recorded). Blocks of a side branch replace
    everything of the main branch from their lowest number upwards.
    """

    number: int
    hash: str
    block: bytes
    receipts: bytes | None
    branch: str = MAIN


class RecordedCall(msgspec.Struct, frozen=True, kw_only=True):
    """One eth_call: `result` is hex, or None with the JSON-RPC `error` the node gave.

    `block_number` None = the same at every block. `to` and `data` are lower-case hex.
    """

    to: str
    data: str
    result: str | None = None
    error_code: int = 3
    error_message: str = "execution reverted"
    block_number: int | None = None


@dataclass(frozen=True)
class Recording:
    """Everything a replay can answer. `codes` maps an address to its code (hex)."""

    chain_id: int
    blocks: Sequence[RecordedBlock]
    calls: Sequence[RecordedCall] = ()
    codes: Mapping[str, str] = field(default_factory=dict)


class _Head(msgspec.Struct):
    chain_id: int
    calls: list[RecordedCall]
    codes: dict[str, str]


class _Line(msgspec.Struct):
    block: msgspec.Raw
    receipts: msgspec.Raw
    branch: str = MAIN


class BlockName(msgspec.Struct):
    """Number and hash, all that is read of a block's JSON here."""

    number: str
    hash: str


def recorded_block(block: bytes, receipts: bytes | None, *, branch: str = MAIN) -> RecordedBlock:
    """A recorded block from the JSON of the two answers. Raises msgspec.DecodeError if not JSON."""
    name = msgspec.json.decode(block, type=BlockName)
    return RecordedBlock(int(name.number, 16), name.hash, block, receipts, branch)


def write_recording(path: Path, recording: Recording, *, level: int = 19) -> int:
    """Write a recording; the same recording gives the same bytes. Returns the file's size."""
    head = _Head(recording.chain_id, list(recording.calls), dict(recording.codes))
    lines = [msgspec.json.encode(head)]
    for item in recording.blocks:
        line = _Line(
            msgspec.Raw(item.block),
            msgspec.Raw(item.receipts if item.receipts is not None else b"null"),
            item.branch,
        )
        lines.append(msgspec.json.encode(line))
    parameters = zstandard.ZstdCompressionParameters.from_level(
        level, window_log=24, enable_ldm=True
    )
    packed = zstandard.ZstdCompressor(compression_params=parameters).compress(
        b"\n".join(lines) + b"\n"
    )
    path.write_bytes(packed)
    return len(packed)


def read_recording(path: Path) -> Recording:
    """Read what `write_recording` wrote. Raises OSError, ZstdError or msgspec.DecodeError."""
    lines = _lines(path)
    head = msgspec.json.decode(next(lines), type=_Head)
    decoder = msgspec.json.Decoder(_Line)
    blocks = []
    for raw in lines:
        line = decoder.decode(raw)
        receipts = bytes(line.receipts)
        blocks.append(
            recorded_block(
                bytes(line.block), None if receipts == b"null" else receipts, branch=line.branch
            )
        )
    return Recording(head.chain_id, blocks, head.calls, head.codes)


def _lines(path: Path) -> Iterator[bytes]:
    reader = zstandard.ZstdDecompressor(max_window_size=1 << 24)
    for line in reader.decompress(path.read_bytes()).split(b"\n"):
        if line:
            yield line
