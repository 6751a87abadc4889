"""Where the demo's recording lies, and the few names that its files share."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import zstandard

from oracul.demo.recording import Recording, read_recording, write_recording

RECORDING_DIR = Path(__file__).parent / "recording"
CHAIN_FILES = ("chain-1.jsonl.zst", "chain-2.jsonl.zst")
"""Two halves, so that no file in the repository is large; calls and codes are in the first."""
PRICES_FILE, MANIFEST_FILE = "prices.json.zst", "manifest.json"
ORPHANED = "orphaned"
"""Branch of the blocks that the reorganisation replaces."""


def load_manifest(folder: Path = RECORDING_DIR) -> dict[str, Any]:
    """What was planned, planted and counted when the recording was made."""
    found: dict[str, Any] = json.loads((folder / MANIFEST_FILE).read_text())
    return found


def load_prices(folder: Path = RECORDING_DIR) -> tuple[int, dict[str, list[float]]]:
    """Unix time of the first hour, and each asset's price in USD at every full hour from it."""
    packed = (folder / PRICES_FILE).read_bytes()
    found = json.loads(zstandard.ZstdDecompressor().decompress(packed))
    return int(found["first_second"]), found["hourly_usd"]


def write_chain(recording: Recording, folder: Path) -> None:
    """Write a recorded chain into CHAIN_FILES, half of its blocks each."""
    middle = len(recording.blocks) // 2
    first = replace(recording, blocks=recording.blocks[:middle])
    second = Recording(recording.chain_id, recording.blocks[middle:])
    for name, part in zip(CHAIN_FILES, (first, second), strict=True):
        write_recording(folder / name, part)


def read_chain(folder: Path = RECORDING_DIR) -> Recording:
    """Read what `write_chain` wrote."""
    first, second = (read_recording(folder / name) for name in CHAIN_FILES)
    return replace(first, blocks=[*first.blocks, *second.blocks])


def chain_loader(folder: Path = RECORDING_DIR) -> "partial[Recording]":
    """A function that loads the recorded chain; it can be sent to another process."""
    return partial(read_chain, folder)
