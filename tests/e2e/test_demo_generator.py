"""The generator rebuilds the checked-in recording on a real node, byte for byte."""

import shutil
from pathlib import Path

import pytest

from oracul.demo.generator.build import Grown, build
from oracul.demo.generator.record import recording_of, write
from oracul.demo.places import read_chain

pytestmark = [
    pytest.mark.slow,
    pytest.mark.needs_node,
    pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed"),
]
DAYS = 3


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Grown:
    return build(tmp_path_factory.mktemp("npm"), day_count=DAYS)


def test_generator_grows_the_recorded_blocks_again(grown) -> None:
    recorded = read_chain().blocks[: DAYS * 24 + 1]
    assert recording_of(grown).blocks == recorded


def test_generator_plans_every_failure(grown) -> None:
    failed = {
        receipt["transactionHash"]
        for _, receipts in grown.blocks
        for receipt in receipts
        if receipt["status"] == "0x0"
    }
    assert failed == {tx_hash for tag, tx_hash in grown.tagged if tag == "failed"}


def test_written_recording_reads_back(grown, tmp_path: Path) -> None:
    write(grown, tmp_path)
    assert read_chain(tmp_path).blocks == recording_of(grown).blocks
