"""Reorganisations of a real EVM node while Oracul follows it: what readers see is the final branch,
as if there had never been another."""

import random
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from oracul.errors import SourceError
from oracul.warehouse import connect, migrate
from oracul.warehouse.dbt import raise_first_failure, run_dbt
from tests.fixtures.chain_landing import Landing
from tests.fixtures.content import contents, differences
from tests.fixtures.evm_node import evm_node
from tests.fixtures.followed_node import settle
from tests.fixtures.node_reorgs import DEEPEST, KINDS, grow
from tests.fixtures.reorg_checks import told
from tests.fixtures.warehouse import own_warehouse

pytestmark = [pytest.mark.slow, pytest.mark.needs_node]
MARTS_EVERY = 50


def reorganise(node, rng, index):
    """One random reorganisation of depth 1 to 64 (every fifth time two of them in a row)."""
    for _ in range(2 if index % 5 == 4 else 1):
        KINDS[index % len(KINDS)](node, rng, rng.randint(1, DEEPEST))
        index += 1


def while_following(chain, act):
    """Follow again and again until `act` is done; faults. A round may find that it cannot follow a
    node that moves on below it, no round may find that the node lies.
    """
    faults = []
    with ThreadPoolExecutor(1) as threads:
        acting = threads.submit(act)
        while not acting.done():
            try:
                faults += chain.follow().set_aside.values()
            except SourceError as error:
                faults += [] if "could not be proven" in str(error) else [str(error)]
        acting.result()
    return faults


def transform(settings):
    """Build curated tables and marts: the days that changed."""
    raise_first_failure(run_dbt(settings, ["run"]))


def seed_and_transform(settings):
    """The same in an empty warehouse."""
    raise_first_failure(run_dbt(settings, ["seed"]))
    transform(settings)


def marts(settings):
    """What curated tables and marts say."""
    return contents(connect(settings), ("curated", "marts"))


def clean_marts(home, node):
    """The same of a clean ingest of the node's branch into an empty warehouse."""
    with own_warehouse(home) as settings:
        client = connect(settings)
        migrate(client)
        Landing(settings, client, "devnet", [node]).follow()
        seed_and_transform(settings)
        return marts(settings)


@pytest.fixture
def followed(tmp_path):
    """Settings and client of an empty warehouse of its own."""
    with own_warehouse(tmp_path / "followed") as settings:
        client = connect(settings)
        migrate(client)
        yield settings, client
        client.close()


def test_random_reorgs_end_as_a_clean_ingest(promise, anvil, followed, tmp_path):
    trial = promise("reorg-safe", small=4, full=200, unit="random reorgs")
    settings, client = followed
    faults, days = [], 0
    with evm_node(anvil) as node:
        grow(node, random.Random(-1), 2 * DEEPEST)
        chain = Landing(settings, client, "devnet", [node])
        chain.follow()
        seed_and_transform(settings)
        for index in range(trial.count):
            rng = random.Random(index)
            act = partial(reorganise, node, rng, index)
            found = while_following(chain, act) if index % 2 else act() or []
            faults += [f"reorg {index}: {fault}" for fault in (*found, *settle(chain, node))]
            if index % MARTS_EVERY == MARTS_EVERY - 1 or index == trial.count - 1:
                transform(settings)
                clean = clean_marts(tmp_path / f"clean{index}", node)
                faults += [f"reorg {index}: {f}" for f in differences(clean, marts(settings))]
                days = clean["marts.network_metrics_daily"].rows
    wrong = len({fault.partition(":")[0] for fault in faults})
    trial.saw(
        f"{trial.count - wrong} equal over {days} days, {len(told(client))} changes of branch told"
    )
    assert faults == []


def test_branch_that_comes_back_is_followed_back(
    promise, anvil, warehouse_settings, empty_chain_tables
):
    trial = promise("reorg-safe", small=3, full=20, unit="flips A → B → A")
    faults, back = [], 0
    with evm_node(anvil) as node:
        grow(node, random.Random(1), 100)
        chain = Landing(warehouse_settings, empty_chain_tables, "devnet", [node])
        for index in range(trial.count):
            grow(node, random.Random(index), 1)
            faults += settle(chain, node)
            first, depth = node.hashes(), random.Random(index).randint(1, DEEPEST)
            plan = node.plan(node.head - depth + 1)
            for fee_more_wei in (1, 0):
                node.rollback(depth)
                for block in plan:
                    node.mine_planned(block._replace(fee_wei=block.fee_wei + fee_more_wei))
                faults += settle(chain, node)
            back += chain.pointers() == first
    changes = len(told(empty_chain_tables))
    trial.saw(f"{back} back on the first hashes, {changes} changes of branch told")
    assert faults == []
    assert (back, changes) == (trial.count, 2 * trial.count)
