"""Ctrl-C or SIGTERM during a long ingestion: the batch in hand is landed, the command can go on."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from oracul.demo.recording import Recording
from oracul.demo.replay import serve_recording
from oracul.warehouse import connect, migrate
from tests.fixtures.toy_chain import toy_chain
from tests.fixtures.warehouse import own_warehouse

pytestmark = pytest.mark.slow

BLOCKS = 900


def _committed(client):
    return client.query("select count() from meta.canonical_blocks final").result_rows[0][0]


@pytest.fixture
def settings(tmp_path):
    """Settings of a home of its own; its server is stopped after the test."""
    with own_warehouse(tmp_path / "home") as own:
        yield own


@pytest.mark.parametrize("word", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_ingestion_keeps_what_it_landed_and_goes_on(tmp_path, settings, word):
    client = connect(settings)
    migrate(client)
    with serve_recording(Recording(1, toy_chain(BLOCKS)), latency_seconds=0.05) as node:
        environment = os.environ | {
            "ORACUL_HOME": str(settings.home),
            "ORACUL_CHAINS__ETHEREUM__RPC_URLS": node.url,
            "ORACUL_CHAINS__ETHEREUM__MAX_CONCURRENCY": "1",
        }
        slow = {"ORACUL_CHAINS__ETHEREUM__MAX_BATCH_BLOCKS": "2"}
        words = [
            sys.executable, "-m", "oracul.cli", "ingest", "chain",
            "--chain", "ethereum", "--blocks", f"0:{BLOCKS}",
        ]  # fmt: skip
        log = Path(tmp_path / "out")
        with log.open("wb") as out:
            running = subprocess.Popen(
                words, env=environment | slow, cwd=tmp_path, stdout=out, stderr=out
            )
            try:
                while _committed(client) == 0 and running.poll() is None:
                    pass
                running.send_signal(word)
                assert running.wait(60) == 130, log.read_text()
            finally:
                running.kill()
        landed = _committed(client)
        assert 0 < landed < BLOCKS
        assert "type the same command to go on" in " ".join(log.read_text().split())
        subprocess.run(words, env=environment, cwd=tmp_path, check=True, capture_output=True)
        assert _committed(client) == BLOCKS
    client.close()
