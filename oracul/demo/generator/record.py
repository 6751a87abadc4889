"""Writes a grown chain into the demo's recording folder. The same chain gives the same bytes."""

import json
from pathlib import Path

import zstandard

from oracul.demo.generator.build import CHAIN_ID, BlockAnswer, Grown, day_start_seconds
from oracul.demo.generator.manifest import manifest
from oracul.demo.places import CHAIN_FILES, MANIFEST_FILE, ORPHANED, PRICES_FILE, write_chain
from oracul.demo.recording import (
    RecordedBlock,
    RecordedCall,
    Recording,
    recorded_block,
)


def write(grown: Grown, folder: Path) -> int:
    """Write chain, prices and manifest into `folder`; return their size in bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    write_chain(recording_of(grown), folder)
    prices = {"first_second": day_start_seconds(0), "hourly_usd": grown.prices}
    packed = zstandard.ZstdCompressor(level=19).compress(json.dumps(prices).encode())
    (folder / PRICES_FILE).write_bytes(packed)
    text = json.dumps(manifest(grown), indent=1, ensure_ascii=True)
    (folder / MANIFEST_FILE).write_text(text + "\n")
    files = (*CHAIN_FILES, PRICES_FILE, MANIFEST_FILE)
    return sum((folder / name).stat().st_size for name in files)


def recording_of(grown: Grown) -> Recording:
    """The chain with its orphaned branch and the answers to metadata calls."""
    blocks = [_recorded(answer) for answer in grown.blocks]
    blocks += [_recorded(answer, branch=ORPHANED) for answer in grown.orphaned]
    calls = [
        RecordedCall(
            to=address,
            data=data,
            result=reply.get("result"),
            error_code=reply.get("error", {}).get("code", 3),
            error_message=reply.get("error", {}).get("message", "execution reverted"),
        )
        for address, answers in sorted(grown.calls.items())
        for data, reply in answers["calls"].items()
    ]
    codes = {address: answers["code"] for address, answers in sorted(grown.calls.items())}
    return Recording(CHAIN_ID, blocks, calls, codes)


def _recorded(answer: BlockAnswer, *, branch: str = "main") -> RecordedBlock:
    block, receipts = (json.dumps(part, separators=(",", ":")).encode() for part in answer)
    return recorded_block(block, receipts, branch=branch)
