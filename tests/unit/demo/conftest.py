"""The checked-in recording, read once for all tests of the demo."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from oracul.demo.places import ORPHANED, chain_loader, load_manifest, load_prices
from oracul.demo.recording import Recording

TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"


@dataclass(frozen=True)
class Chain:
    """One branch as Python objects: blocks and their receipts, by position."""

    blocks: list[dict[str, Any]]
    receipts: list[list[dict[str, Any]]]

    def logs(self) -> Iterator[dict[str, Any]]:
        for receipts in self.receipts:
            for receipt in receipts:
                yield from receipt["logs"]

    def by_hash(self) -> dict[str, dict[str, Any]]:
        return {r["transactionHash"]: r for receipts in self.receipts for r in receipts}


@pytest.fixture(scope="session")
def recording() -> Recording:
    return chain_loader()()


@pytest.fixture(scope="session")
def manifest() -> dict[str, Any]:
    return load_manifest()


@pytest.fixture(scope="session")
def prices() -> tuple[int, dict[str, list[float]]]:
    return load_prices()


def _branch(recording: Recording, name: str) -> Chain:
    found = [item for item in recording.blocks if item.branch == name]
    return Chain(
        [msgspec.json.decode(item.block) for item in found],
        [msgspec.json.decode(item.receipts or b"[]") for item in found],
    )


@pytest.fixture(scope="session")
def main(recording: Recording) -> Chain:
    return _branch(recording, "main")


@pytest.fixture(scope="session")
def orphaned(recording: Recording) -> Chain:
    return _branch(recording, ORPHANED)


@pytest.fixture(scope="session")
def tokens(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {token["key"]: token for token in manifest["tokens"]}
