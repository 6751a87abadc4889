"""Nodes that lag, go backwards or stand on another branch than their neighbour: no false reorg."""

import random

import pytest

from tests.fixtures.chain_landing import Landing
from tests.fixtures.evm_node import evm_node
from tests.fixtures.followed_node import landing_faults, settle
from tests.fixtures.node_reorgs import grow, mined_anew
from tests.fixtures.reorg_checks import pointer_faults, told

pytestmark = [pytest.mark.slow, pytest.mark.needs_node]


@pytest.fixture
def node(anvil):
    """A node with 80 blocks."""
    with evm_node(anvil) as running:
        grow(running, random.Random(3), 80)
        yield running


@pytest.fixture
def lagging(anvil, node):
    """A second node on the same branch, ten blocks behind."""
    with evm_node(anvil) as running:
        for block in node.plan(2)[:-10]:
            running.mine_planned(block)
        yield running


@pytest.fixture
def one(warehouse_settings, empty_chain_tables, node):
    """Following the first node alone."""
    return Landing(warehouse_settings, empty_chain_tables, "devnet", [node])


@pytest.fixture
def both(warehouse_settings, empty_chain_tables, node, lagging):
    """Following both."""
    return Landing(warehouse_settings, empty_chain_tables, "devnet", [node, lagging])


def catch_up(lagging, node):
    """Bring the second node to the first one's branch."""
    shared = max(n for n, h in lagging.hashes().items() if node.hashes().get(n) == h)
    if lagging.head > shared:
        lagging.rollback(lagging.head - shared)
    for block in node.plan(shared + 1):
        lagging.mine_planned(block)


def test_node_that_goes_backwards_changes_nothing(one, node):
    one.follow()
    before, plan = one.pointers(), node.plan(node.head - 19)
    node.rollback(20)
    for block in plan[:10]:
        one.follow()
        assert (one.pointers(), told(one.client)) == (before, [])
        node.mine_planned(block)
    for block in plan[10:]:
        node.mine_planned(block)
    assert settle(one, node) == []
    assert told(one.client) == []


def test_lagging_neighbour_is_no_reorg(both, node, lagging):
    both.follow()
    assert max(both.pointers()) == lagging.head
    assert told(both.client) == []
    catch_up(lagging, node)
    assert settle(both, node) == []
    assert told(both.client) == []


def test_branch_of_one_node_is_followed_once_the_other_agrees(both, node, lagging):
    catch_up(lagging, node)
    both.follow()
    before, fork = both.pointers(), node.head - 7
    mined_anew(node, random.Random(9), 7)
    report = both.follow()
    assert (both.pointers(), told(both.client)) == (before, [])
    assert report.set_aside == {}
    catch_up(lagging, node)
    assert settle(both, node) == []
    assert [(row[0], row[1]) for row in told(both.client)] == [(fork, 7)]


def test_two_nodes_on_two_branches_land_no_new_block(both, node, lagging):
    catch_up(lagging, node)
    both.follow()
    before = both.pointers()
    grow(node, random.Random(1), 3)
    grow(lagging, random.Random(2), 3)
    report = both.follow()
    assert both.pointers() == before
    assert sorted(report.gaps) == [max(before) + k for k in (1, 2, 3)]
    assert pointer_faults(both.client, {}) == []
    catch_up(lagging, node)
    both.follow()
    assert landing_faults(both, node, {}) == []
