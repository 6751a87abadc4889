"""Where the demo's recording lies, and the few names that its files share."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import zstandard

from oracul.demo.recording import Recording, read_recording

RECORDING_DIR = Path(__file__).parent / "recording"
CHAIN_FILE, PRICES_FILE, MANIFEST_FILE = "chain.jsonl.zst", "prices.json.zst", "manifest.json"
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


def chain_loader(folder: Path = RECORDING_DIR) -> "partial[Recording]":
    """A function that loads the recorded chain; it can be sent to another process."""
    return partial(read_recording, folder / CHAIN_FILE)
