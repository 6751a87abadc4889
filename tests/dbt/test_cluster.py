"""The main job as it is said to a cluster.

Every table is made on all replicas and replicates, every day is put in place by one, and the rows
are those of a warehouse without a cluster.
"""

import re
from datetime import date

import pytest

from flows.main_job import call, run_steps, step_named
from flows.steps import Run
from oracul.warehouse import connect, migrate
from tests.fixtures.cluster_stand_in import CLUSTER, serve_stand_in
from tests.fixtures.content import content_hashes
from tests.fixtures.landing import land_blocks
from tests.fixtures.transfer_days import block_of

pytestmark = pytest.mark.slow
DAYS = [date(2024, 3, day) for day in (1, 2, 3)]
PARTITIONS = re.compile(r"alter table \S+ (replace|drop|attach) partition")


def run_twice(settings):
    """The job over two days, then over a third: whole tables first, then one day of each."""
    client = connect(settings)
    migrate(client)
    for blocks in ([block_of(DAYS[0], 10), block_of(DAYS[1], 20)], [block_of(DAYS[2], 30)]):
        land_blocks(client, "ethereum", blocks)
        steps = [step_named(name) for name in ("transform", "publish")]
        outcomes = list(run_steps(Run(settings), call, steps))
        told = [(o.status, o.summary) for o in outcomes]
        assert [status for status, _ in told] == ["done", "done"], told
    return client


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory):
    with serve_stand_in(tmp_path_factory.mktemp("cluster")) as stand_in:
        run_twice(stand_in.settings)
        yield stand_in


def test_every_change_of_tables_goes_to_all_replicas(stand_in):
    # dbt tries on the one server that it speaks to whether tables can be exchanged.
    said = [s for s in stand_in.structure() if "__dbt_exchange_test_" not in s]
    told_one = [s for s in said if f"on cluster {CLUSTER}" not in s.lower()]
    assert [s for s in told_one if not PARTITIONS.match(s.replace("`", ""))] == []


def test_every_table_replicates(stand_in):
    engines = [
        engine
        for statement in stand_in.structure()
        for engine in re.findall(r"(?i)\bengine\s*=\s*(\w+)", statement)
        if not re.match(r"(?i)create (or replace )?view", statement)
    ]
    assert engines
    assert {e for e in engines if not e.startswith("Replicated")} == set()


def test_days_are_put_in_place_by_one_replica(stand_in):
    moves = [s for s in stand_in.structure() if PARTITIONS.match(s.replace("`", ""))]
    assert any("from `curated`" in s or "curated" in s for s in moves)
    assert any(s.startswith("alter table marts.") for s in moves)
    assert [s for s in moves if "on cluster" in s.lower()] == []


def test_replicas_have_all_rows_before_a_new_table_takes_its_place(stand_in):
    said = stand_in.structure()
    for place, statement in enumerate(said):
        if found := re.match(r"(?:rename table|exchange tables) (marts\.\w+__new) ", statement):
            assert f"system sync replica on cluster {CLUSTER} {found[1]}" in said[:place]


def test_every_session_asks_for_a_quorum(stand_in):
    inserts = [url for url in stand_in.asked if "insert_quorum" in url]
    assert inserts
    assert all("insert_quorum=auto" in url for url in inserts)


def test_rows_are_those_of_a_warehouse_without_a_cluster(stand_in, dbt_settings):
    plain = content_hashes(run_twice(dbt_settings))
    assert content_hashes(connect(stand_in.settings)) == plain
    assert plain["marts.token_metrics_daily"][0] == 3
