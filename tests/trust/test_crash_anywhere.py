"""Promise: a command killed at any point, and typed again, leaves what a clean run leaves."""

import random

import pytest

from extractors.evm.follow import follow
from oracul.demo.recording import Recording
from oracul.demo.replay import serve_recording
from tests.fixtures import killing
from tests.fixtures.chain_landing import empty, with_urls
from tests.fixtures.content import content_hashes
from tests.fixtures.own_home import kill_warehouse, own_client, own_settings  # noqa: F401
from tests.fixtures.toy_chain import toy_chain

PROMISE = "crash anywhere in landing, recovery and transform"
CHAIN_ID = 31337
COUNT = 40
FORK = 29
LANDINGS = COUNT // killing.BLOCKS_A_LANDING
FINAL = {"safe": 20, "finalized": 10}
INGEST = ("ingest", "chain", "--chain", "devnet")
MAIN = toy_chain(COUNT)
SIDE = toy_chain(
    COUNT - FORK, start=FORK, parent_hash=MAIN[FORK - 1].hash, salt="side", branch="side"
)


@pytest.fixture(scope="module")
def node():
    with serve_recording(
        Recording(CHAIN_ID, [*MAIN, *SIDE]), safe_depth=10, finalized_depth=20, own_process=False
    ) as server:
        yield server


@pytest.fixture(scope="module")
def site(own_settings, own_client, node):  # noqa: F811
    return Site(own_settings, own_client, node)


class Site:
    """A warehouse, a node, and commands on them that may be killed."""

    def __init__(self, settings, client, node):
        self.client, self.node = client, node
        self.settings = with_urls(settings, "devnet", [node.url])
        self.variables = {
            "ORACUL_HOME": str(settings.home),
            "ORACUL_CHAINS__DEVNET__RPC_URLS": node.url,
            "ORACUL_CHAINS__DEVNET__MAX_BATCH_BLOCKS": "4",
        }

    def run(self, point="", nth=1, without=()):
        ended = killing.command(INGEST, self.variables, point, nth, without)
        assert ended.returncode == (killing.KILLED if point else 0), ended.stdout + ended.stderr

    def hashes(self):
        return content_hashes(self.client, ("raw", "meta"))

    def start(self, points):
        """The state in which a command that comes by these points begins."""
        empty(self.client)
        if points is killing.LANDING:
            self.node.set(branch="main", **FINAL)
            return
        self.node.set(branch="main", safe=4, finalized=2)
        follow(self.settings, self.client, "devnet", run_id="before")
        self.node.set(branch="side" if points is killing.REORG else "main", **FINAL)


def repeats(points, trial):
    """(point, seeded random numbers) so that every point has its turn."""
    for index in range(trial.count):
        yield list(points)[index % len(points)], random.Random(index)


SCENES = {"landing": killing.LANDING, "finality": killing.FINALITY, "reorg": killing.REORG}


@pytest.mark.parametrize("scene", SCENES)
def test_ingestion_killed_anywhere_leaves_what_a_clean_run_leaves(site, promise, scene):
    points = SCENES[scene]
    trial = promise(PROMISE, small=len(points), full=10 * len(points), unit=f"kills in {scene}")
    site.start(points)
    site.run()
    clean = site.hashes()
    equal = 0
    for point, rng in repeats(points, trial):
        site.start(points)
        site.run(point, nth=rng.randint(1, LANDINGS) if points is killing.LANDING else 1)
        site.run()
        equal += site.hashes() == clean
    trial.saw(f"{equal} of {trial.count} hash-equal")
    assert equal == trial.count


@pytest.mark.slow
def test_recovery_killed_as_well_leaves_what_a_clean_run_leaves(site, promise):
    trial = promise(PROMISE, small=2, full=10, unit="kills of run, warehouse and retry")
    site.start(killing.LANDING)
    site.run()
    clean = site.hashes()
    equal = 0
    for point, rng in repeats(killing.LANDING, trial):
        site.start(killing.LANDING)
        site.run(point, nth=rng.randint(1, 2))
        kill_warehouse(site.settings)
        site.run(rng.choice(list(killing.LANDING)), nth=rng.randint(1, 2))
        site.run()
        equal += site.hashes() == clean
    trial.saw(f"{equal} of {trial.count} hash-equal")
    assert equal == trial.count


CONTROLS = {
    "pointers last": ("after the logs", killing.LANDING),
    "the reorg before its pointers": ("amid a reorg, after the pointers moved", killing.REORG),
}


@pytest.mark.slow
@pytest.mark.parametrize("protection", CONTROLS)
def test_control_killed_run_without_a_protection_is_seen(site, protection):
    point, points = CONTROLS[protection]
    site.start(points)
    site.run()
    clean = site.hashes()
    site.start(points)
    site.run(point, without=[protection])
    site.run()
    assert site.hashes() != clean


@pytest.mark.slow
def test_control_lost_row_is_seen_without_the_read_back(site):
    site.start(killing.LANDING)
    site.run()
    clean = site.hashes()
    site.start(killing.LANDING)
    site.run(without=["a sound insert", "the read-back"])
    assert site.hashes() != clean


def test_read_back_refuses_an_insert_that_lost_a_row(site):
    site.start(killing.LANDING)
    ended = killing.command(INGEST, site.variables, without=["a sound insert"])
    assert (ended.returncode, "were proven" in ended.stderr) == (1, True)
    assert site.client.command("select count() from meta.canonical_blocks") == 0
