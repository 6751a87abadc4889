"""Requests that were counted before SIGKILL stay counted, and the next run adds its own to them."""

import os
import subprocess
import sys
import time

import pytest

from oracul.demo.recording import Recording
from oracul.demo.replay import serve_recording
from oracul.warehouse import connect, migrate
from tests.fixtures.toy_chain import toy_chain
from tests.fixtures.warehouse import own_warehouse

pytestmark = pytest.mark.slow

BLOCKS = 900


def _counted(client):
    sql = "select sum(requests) from meta.rpc_usage final group by counter order by min(counted_at)"
    return [int(requests) for (requests,) in client.query(sql).result_rows]


def test_killed_run_loses_only_what_it_had_not_written(tmp_path):
    with (
        own_warehouse(tmp_path / "home") as settings,
        serve_recording(Recording(1, toy_chain(BLOCKS)), latency_seconds=0.05) as node,
    ):
        client = connect(settings)
        migrate(client)
        environment = os.environ | {
            "ORACUL_HOME": str(settings.home),
            "ORACUL_CHAINS__ETHEREUM__RPC_URLS": node.url,
        }
        slow = {
            "ORACUL_CHAINS__ETHEREUM__MAX_CONCURRENCY": "1",
            "ORACUL_CHAINS__ETHEREUM__MAX_BATCH_BLOCKS": "1",
        }
        words = [
            sys.executable, "-m", "oracul.cli", "ingest", "chain",
            "--chain", "ethereum", "--blocks", f"0:{BLOCKS}",
        ]  # fmt: skip
        running = subprocess.Popen(words, env=environment | slow, cwd=tmp_path)
        try:
            while not _counted(client) and running.poll() is None:
                time.sleep(0.05)
        finally:
            running.kill()
        running.wait(30)
        (before,) = _counted(client)
        seen = node.counts()["http"]
        assert 0.8 * seen < before <= seen
        subprocess.run(words, env=environment, cwd=tmp_path, check=True, capture_output=True)
        assert _counted(client) == [before, node.counts()["http"] - seen]
        client.close()
