"""Negative controls: with what protects against reorgs switched off, the same checks turn red."""

import dataclasses

import pytest

from extractors.evm import lander
from tests.fixtures.chain_landing import Landing
from tests.fixtures.followed_node import try_to_settle
from tests.fixtures.toy_chain import toy_chain
from tests.fixtures.toy_node import toy_node

SHARED = toy_chain(12)
OLD = [*SHARED, *toy_chain(6, start=12, parent_hash=SHARED[-1].hash, salt="old")]
NEW = [*SHARED, *toy_chain(9, start=12, parent_hash=SHARED[-1].hash, salt="new")]


async def no_fork(pool, client, start):
    """The walk back, switched off."""


def only_the_top(find_fork):
    """The walk back, switched off after its first block."""

    async def find(pool, client, start):
        fork = await find_fork(pool, client, start)
        return fork and dataclasses.replace(fork, stale=fork.stale[-1:], named=fork.named[-1:])

    return find


@pytest.fixture
def faults_after_a_reorg(warehouse_settings, empty_chain_tables):
    def try_it(rounds=3):
        with toy_node(OLD) as node:
            chain = Landing(warehouse_settings, empty_chain_tables, "devnet", [node])
            chain.follow()
            node.serve(NEW)
            return try_to_settle(chain, node, rounds)

    return try_it


def test_reorg_is_followed_with_everything_on(faults_after_a_reorg):
    assert faults_after_a_reorg() == []


def test_without_the_walk_back_the_old_branch_stays(faults_after_a_reorg, monkeypatch):
    monkeypatch.setattr(lander, "find_fork", no_fork)
    assert "other pointers than the node's" in faults_after_a_reorg()


def test_without_walk_back_and_links_two_branches_mix(faults_after_a_reorg, monkeypatch):
    monkeypatch.setattr(lander, "find_fork", only_the_top(lander.find_fork))
    monkeypatch.setattr(lander, "broken_links", lambda facts, pointers: [])
    assert any("does not link" in fault for fault in faults_after_a_reorg(rounds=1))
