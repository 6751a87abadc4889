"""Promise: several workers on one range land what one would have landed, each row once."""

import pytest

from oracul.demo.recording import Recording
from oracul.demo.replay import serve_recording
from tests.fixtures.chain_landing import empty
from tests.fixtures.content import content_hashes
from tests.fixtures.own_home import own_client, own_settings  # noqa: F401
from tests.fixtures.toy_chain import toy_chain
from tests.fixtures.working import Worker

WORKERS = 4
COUNT = 60
FORK = 45
MAIN = toy_chain(COUNT)
SIDE = toy_chain(
    COUNT - FORK, start=FORK, parent_hash=MAIN[FORK - 1].hash, salt="side", branch="side"
)
# Rows that a reader of the canonical chain gets, and how many there are of different ones.
ROWS = """
    select count(), uniqExact(tuple(block_hash, log_index))
    from raw.logs final
    inner join meta.canonical_blocks as pointers final using (chain, block_number, block_hash)
"""


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def node():
    with serve_recording(
        Recording(31337, [*MAIN, *SIDE]), safe_depth=30, finalized_depth=40, own_process=False
    ) as server:
        yield server


@pytest.fixture(scope="module")
def workers(own_settings, own_client, node):  # noqa: F811
    variables = {
        "ORACUL_HOME": str(own_settings.home),
        "ORACUL_CHAINS__DEVNET__RPC_URLS": node.url,
        "ORACUL_CHAINS__DEVNET__MAX_BATCH_BLOCKS": "4",
    }
    started = [Worker(variables) for _ in range(WORKERS)]
    assert [worker.answer() for worker in started] == ["ready"] * WORKERS
    yield started
    for worker in started:
        worker.end()


class Course:
    """The chain that the workers run over: its main branch, then a change to the other one."""

    def __init__(self, client, node):
        self.client, self.node = client, node

    def race(self, workers):
        """Both legs, all workers at once; hashes after each."""
        empty(self.client)
        return [self._leg(workers, branch) for branch in ("main", "side")]

    def _leg(self, workers, branch):
        self.node.set(branch=branch)
        for worker in workers:
            worker.tell("follow")
        assert [worker.answer() for worker in workers] == ["done"] * len(workers)
        return content_hashes(self.client, ("raw", "meta"))

    def doubled(self):
        """Rows of the canonical chain's logs that are there more than once."""
        rows, different = self.client.query(ROWS).result_rows[0]
        return rows - different


@pytest.fixture(scope="module")
def course(own_client, node):  # noqa: F811
    return Course(own_client, node)


def test_racing_workers_land_each_row_once(course, workers, promise):
    trial = promise("racing workers", small=2, full=20, unit=f"races of {WORKERS} workers")
    alone = course.race(workers[:1])
    equal = doubled = 0
    for _ in range(trial.count):
        equal += course.race(workers) == alone
        doubled += course.doubled()
    trial.saw(f"{doubled} doubled, {equal} of {trial.count} hash-equal")
    assert (doubled, equal) == (0, trial.count)


def test_control_table_that_does_not_collapse_shows_doubled_rows(course, workers):
    client = course.client
    alone = course.race(workers[:1])
    client.command("create table raw.plain as raw.logs engine = MergeTree order by block_number")
    client.command("exchange tables raw.plain and raw.logs")
    try:
        assert course.race(workers) != alone
    finally:
        client.command("exchange tables raw.plain and raw.logs")
        client.command("drop table raw.plain")
