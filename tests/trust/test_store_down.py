"""Promise: a run whose warehouse goes away waits for it, says so, and then goes on by itself.

A configured server is stood for by the embedded warehouse on a port of its own, which the run takes
for a server that it cannot start; the embedded one is started again by the run.
"""

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time

import pytest

from oracul.demo.recording import Recording
from oracul.demo.replay import serve_recording
from oracul.warehouse import Patience, connect, migrate
from oracul.warehouse.embedded import ensure_running, environment, stop
from tests.fixtures import killing
from tests.fixtures.chain_landing import empty
from tests.fixtures.content import content_hashes
from tests.fixtures.own_home import home_settings, kill_warehouse
from tests.fixtures.toy_chain import toy_chain

pytestmark = pytest.mark.slow

COUNT = 240
DOWN_SECONDS = {"small": 3, "full": 60}
DEADLINE_SECONDS = 240
WORDS = ("ingest", "chain", "--chain", "devnet", "--blocks", f"0:{COUNT}")


def free_port():
    """A port that nobody is given unasked while the warehouse is away: below the kernel's own."""
    for port in random.Random(os.getpid()).sample(range(20_000, 30_000), 100):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no free port")


class Site:
    """A warehouse that can go away, a slow node, and a run between them."""

    def __init__(self, folder, node):
        self.settings = home_settings(folder / "home", free_port())
        self.client = connect(self.settings, Patience(120))
        migrate(self.client)
        self.elsewhere = {"ORACUL_HOME": str(folder / "elsewhere")}
        self.node = {
            "ORACUL_CHAINS__DEVNET__RPC_URLS": node.url,
            "ORACUL_CHAINS__DEVNET__MAX_CONCURRENCY": "1",
            "ORACUL_CHAINS__DEVNET__MAX_BATCH_BLOCKS": "2",
            "ORACUL_CHAINS__DEVNET__DEADLINE_SECONDS": "100",
        }

    def begin(self, *, is_embedded, patience_seconds=120):
        """Start a run and wait until it has landed something."""
        where = (
            {"ORACUL_HOME": str(self.settings.home)}
            | {"ORACUL_WAREHOUSE__PORT": str(self.settings.warehouse.port)}
            if is_embedded
            else self.elsewhere | environment(ensure_running(self.settings))
        )
        env = {name: value for name, value in os.environ.items() if not name.startswith("ORACUL_")}
        env |= where | self.node
        env["ORACUL_CLICKHOUSE__PATIENCE_SECONDS"] = str(patience_seconds)
        empty(self.client)
        run = subprocess.Popen(
            [sys.executable, "-m", "tests.fixtures.killing", "", "1", "", *WORDS],
            env=env,
            cwd=killing.ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not self.landed():
            assert run.poll() is None, run.communicate()[0]
            assert time.monotonic() < deadline
        return run

    def landed(self):
        return self.client.command("select count() from meta.canonical_blocks final")

    def hashes(self):
        return content_hashes(self.client, ("raw", "meta"))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    chain = Recording(31337, toy_chain(COUNT))
    with serve_recording(chain, own_process=False, latency_seconds=0.03) as node:
        found = Site(tmp_path_factory.mktemp("store"), node)
        yield found
        found.client.close()
        stop(found.settings)


@pytest.fixture(scope="module")
def clean(site):
    said, _ = site.begin(is_embedded=True).communicate(timeout=DEADLINE_SECONDS)
    assert site.landed() == COUNT, said
    return site.hashes()


def test_run_goes_on_when_its_warehouse_is_back(site, clean, promise, request):
    seconds = DOWN_SECONDS[request.config.getoption("--trust")]
    trial = promise("full disk, store down 60 s", small=2, full=5, unit="stores down")
    equal = 0
    for index in range(trial.count):
        is_embedded = index % 2 == 1
        run = site.begin(is_embedded=is_embedded)
        if index % 4 < 2:
            kill_warehouse(site.settings)
        else:
            stop(site.settings)
        if not is_embedded:
            time.sleep(seconds)
            ensure_running(site.settings)
        said, _ = run.communicate(timeout=DEADLINE_SECONDS)
        assert run.returncode == 0, said
        assert "warehouse_away" in said
        equal += site.hashes() == clean
    trial.saw(f"{equal} of {trial.count} went on and are hash-equal, {seconds} s down")
    assert equal == trial.count


def test_run_gives_up_with_a_hint_and_the_next_one_goes_on(site, clean):
    run = site.begin(is_embedded=False, patience_seconds=0)
    kill_warehouse(site.settings)
    said, _ = run.communicate(timeout=DEADLINE_SECONDS)
    assert run.returncode == 1
    assert "went away or cannot be reached; type the same command again" in " ".join(said.split())
    again = killing.command(WORDS, {"ORACUL_HOME": str(site.settings.home)} | site.node)
    assert again.returncode == 0, again.stderr
    assert site.hashes() == clean


def test_interrupt_ends_the_wait_for_a_warehouse(site, clean):
    run = site.begin(is_embedded=False)
    kill_warehouse(site.settings)
    said = ""
    while "warehouse_away" not in said:
        said = run.stdout.readline()
        assert said
    run.send_signal(signal.SIGTERM)
    run.communicate(timeout=DEADLINE_SECONDS / 4)
    assert run.returncode in (1, 130)
    ensure_running(site.settings)
