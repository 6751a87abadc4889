"""Following at the edges: gaps, clocks, nodes that do not know yet, and the operator's way out."""

import re
from pathlib import Path

import pytest

from oracul.errors import ForkBelowFinality
from tests.fixtures.chain_landing import Landing
from tests.fixtures.reorg_checks import pointer_faults, told
from tests.fixtures.toy_chain import toy_chain
from tests.fixtures.toy_node import toy_node

RUNBOOK = Path(__file__).parents[2] / "docs" / "runbooks" / "fork-below-finality.md"
SHARED = toy_chain(20)


def branch(name, length, fork=19):
    """The shared chain up to block `fork`, then blocks of their own."""
    shared = SHARED[: fork + 1]
    return [*shared, *toy_chain(length, start=fork + 1, parent_hash=shared[-1].hash, salt=name)]


@pytest.fixture
def node():
    with toy_node(branch("old", 10), finalized_depth=12) as running:
        yield running


@pytest.fixture
def chain(node, warehouse_settings, empty_chain_tables):
    return Landing(warehouse_settings, empty_chain_tables, "devnet", [node])


def test_fork_below_finality_halts_before_blocks_above_a_gap_move(chain, node):
    chain.extract(0, 15)
    chain.extract(25, 30)
    before = chain.pointers()
    node.serve(branch("new", 25, fork=9))
    with pytest.raises(ForkBelowFinality):
        chain.follow()
    with pytest.raises(ForkBelowFinality):
        chain.extract(16, 30)
    assert chain.pointers() == before
    assert [(row[0], row[1], row[4]) for row in told(chain.client)] == [(9, 5, "halted")]


def test_fork_below_finality_halts_also_when_the_new_branch_is_shorter(chain, node):
    chain.follow()
    node.serve(branch("new", 15, fork=9))
    with pytest.raises(ForkBelowFinality):
        chain.follow()


def test_operator_follows_a_fork_below_finality_by_the_runbook(chain, node):
    chain.follow()
    node.serve(branch("new", 25, fork=9))
    with pytest.raises(ForkBelowFinality):
        chain.follow()
    (statement,) = re.findall(r"```sql\n(.*?)```", RUNBOOK.read_text(), re.S)
    chain.client.command(statement.replace("'…'", "'devnet'").replace(">= N", ">= 10"))
    chain.follow()
    assert chain.pointers() == node.hashes()
    assert [row[4] for row in told(chain.client)] == ["halted", "followed"]


def test_new_branch_counts_when_the_clock_of_the_old_one_was_ahead(chain, node):
    chain.follow()
    chain.client.command(
        "insert into meta.canonical_blocks select * replace (version + 1000000000000 as version)"
        " from meta.canonical_blocks final"
    )
    node.serve(branch("new", 12))
    assert chain.follow().reorgs == 1
    assert chain.pointers() == node.hashes()


def test_node_that_is_syncing_moves_no_pointer(chain, node):
    chain.follow()
    before = chain.pointers()
    node.serve(branch("new", 12), syncing=True)
    chain.follow()
    assert (chain.pointers(), told(chain.client)) == (before, [])
    assert pointer_faults(chain.client, {}) == []


def test_halting_again_and_again_is_told_once(chain, node):
    chain.follow()
    node.serve(branch("new", 25, fork=9))
    for _ in range(3):
        with pytest.raises(ForkBelowFinality):
            chain.follow()
    assert len(told(chain.client)) == 1


def test_honest_node_is_not_blamed_for_a_change_of_branch(chain, node):
    def change(_):
        node.before_answer = None
        node.serve(branch("new", 12))

    # Somewhere among the blocks; their receipts come from the other branch.
    node.before_answer = lambda n: change(n) if n == 12 else None
    node.answered = 0
    report = chain.follow()
    assert (report.set_aside, report.gaps) == ({}, {})
    assert report.rejected > 0
