"""Promise: what the warehouse acknowledged is there, once, whoever gets `kill -9`, and when."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from tests.fixtures import killing, writing
from tests.fixtures.chain_landing import empty
from tests.fixtures.own_home import kill_warehouse, own_client, own_settings  # noqa: F401
from tests.fixtures.writing import BLOCKS, ROOM, acknowledged, batch

WRITERS = 4
PATIENCE_SECONDS = 240
# One of so many kills is the warehouse's, the others are the writers'.
WAREHOUSE_ONE_IN = 5
ROWS = """
    select block_number, block_hash, count(), uniqExact({key})
    from raw.{table} final
    inner join meta.canonical_blocks as pointers final using (chain, block_number, block_hash)
    group by block_number, block_hash
"""
KEYS = {"blocks": "block_hash", "transactions": "tx_index", "logs": "log_index"}


class Writers:
    """Writer processes on one warehouse, and what they said is in."""

    def __init__(self, settings, client, folder):
        self.settings, self.client = settings, client
        self.paths = [folder / f"acknowledged {number}" for number in range(WRITERS)]
        self.running = {}

    def start(self, number, *mode):
        env = {name: value for name, value in os.environ.items() if not name.startswith("ORACUL_")}
        path = self.paths[number]
        self.running[number] = subprocess.Popen(
            [sys.executable, "-m", "tests.fixtures.writing", str(number), path, *mode],
            env=env | {"ORACUL_HOME": str(self.settings.home)},
            cwd=killing.ROOT,
        )

    def kill(self, number):
        self.running[number].send_signal(signal.SIGKILL)
        self.running[number].wait()

    def batches(self):
        return [acknowledged(path) for path in self.paths]

    def wait_for_more(self, more, than):
        """Until so many more batches are acknowledged; who ended in the meantime is started."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while sum(map(len, self.batches())) < than + more:
            assert time.monotonic() < deadline, "the writers do not come forward"
            for number, process in self.running.items():
                if process.poll() is not None:
                    self.start(number)
            time.sleep(0.01)


@pytest.fixture
def writers(own_settings, own_client, tmp_path):  # noqa: F811
    empty(own_client)
    found = Writers(own_settings, own_client, tmp_path)
    yield found
    for number in found.running:
        found.kill(number)


def missing_and_doubled(client, batches):
    """Acknowledged blocks that a reader does not get whole, and rows that are there twice."""
    expected = {b.number: b.hash for firsts in batches for n in firsts for b in batch(n)}
    whole = dict.fromkeys(expected, 0)
    doubled = 0
    for table, key in KEYS.items():
        for number, block_hash, rows, different in client.query(
            ROWS.format(table=table, key=key)
        ).result_rows:
            doubled += rows - different
            if expected.get(number) == block_hash:
                whole[number] += 1
    return sum(count != len(KEYS) for count in whole.values()), doubled


def test_acknowledged_rows_survive_kills_of_writers_and_warehouse(writers, promise):
    trial = promise(
        "acknowledged rows survive kill -9", small=5, full=100, unit=f"kills × {WRITERS} writers"
    )
    rng = random.Random(9)
    for number in range(WRITERS):
        writers.start(number)
    for kill in range(trial.count):
        writers.wait_for_more(rng.randint(1, 4), sum(map(len, writers.batches())))
        # An instant of its own within a landing.
        time.sleep(rng.random() * 0.05)
        if kill % WAREHOUSE_ONE_IN == 1:
            kill_warehouse(writers.settings)
        else:
            writers.kill(rng.randrange(WRITERS))
    writers.wait_for_more(1, sum(map(len, writers.batches())))
    for number in writers.running:
        writers.kill(number)
    batches = writers.batches()
    missing, doubled = missing_and_doubled(writers.client, batches)
    blocks = sum(map(len, batches)) * BLOCKS
    trial.saw(f"{missing} lost, {doubled} doubled of {blocks:,} blocks")
    assert (missing, doubled) == (0, 0)


def test_control_writer_that_acknowledges_early_is_seen(writers, own_client):  # noqa: F811
    writers.start(0, "early")
    writers.running[0].wait()
    assert missing_and_doubled(own_client, writers.batches()) == (BLOCKS, 0)


def test_control_table_that_does_not_collapse_is_seen(own_client):  # noqa: F811
    empty(own_client)
    own_client.command("create table raw.plain as raw.logs engine = MergeTree order by chain")
    own_client.command("exchange tables raw.plain and raw.logs")
    try:
        for _ in range(2):
            writing.land_blocks(own_client, writing.CHAIN, batch(ROOM))
        final = ROWS.replace("raw.{table} final", "raw.{table}")
        rows = own_client.query(final.format(table="logs", key="log_index")).result_rows
        assert [row[2] - row[3] for row in rows] == [1] * BLOCKS
    finally:
        own_client.command("exchange tables raw.plain and raw.logs")
        own_client.command("drop table raw.plain")


def syncs_of_an_insert(client, table):
    """Files that the engine synced while it took one row."""
    asked = "select sum(value) from system.events where event in ('FileSync', 'DirectorySync')"
    before = client.command(asked)
    client.command(f"insert into {table} values (1)")
    return client.command(asked) - before


def test_insert_is_synced_to_disk_before_it_is_acknowledged(own_client):  # noqa: F811
    own_client.command("create table default.safe (n Int64) engine = MergeTree order by n")
    own_client.command(
        "create table default.fast (n Int64) engine = MergeTree order by n"
        " settings fsync_after_insert = 0, fsync_part_directory = 0"
    )
    assert syncs_of_an_insert(own_client, "default.safe") > 1
    assert syncs_of_an_insert(own_client, "default.fast") == 0


def test_tables_of_facts_and_ledger_are_synced_on_any_server(own_client):  # noqa: F811
    unsynced = own_client.query(
        "select concat(database, '.', name) from system.tables where database in ('raw', 'meta')"
        " and engine like '%MergeTree' and (create_table_query not like '%fsync_after_insert = 1%'"
        " or create_table_query not like '%fsync_part_directory = 1%')"
    ).result_rows
    assert unsynced == []
