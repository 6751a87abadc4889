"""A real node that forks below what it called final: the chain halts, a person is told, and not one
row changes until the node is back or the person has decided."""

import random

import pytest

from flows.main_job import call, run_steps, step_named
from flows.steps import Run
from tests.fixtures.chain_landing import Landing
from tests.fixtures.content import contents, differences
from tests.fixtures.evm_node import evm_node
from tests.fixtures.followed_node import settle
from tests.fixtures.node_reorgs import grow
from tests.fixtures.reorg_checks import told

pytestmark = [pytest.mark.slow, pytest.mark.needs_node]
TWO_SLOTS = 2  # safe is two blocks below the head, finalized four
JOB = ("ingest_chain", "alert")


def job(settings):
    """The steps of the main job that matter here: how each ended."""
    run = Run(settings, chain="devnet")
    return {o.step: o for o in run_steps(run, call, [step_named(name) for name in JOB])}


def fork_below_finality(chain, node, rng, faults):
    """One fork; returns whether everything was as it must be."""
    before, story = contents(chain.client), told(chain.client)
    old, head = chain.pointers(), node.head
    depth = rng.randint(6, 25)
    plan = node.plan(head - depth + 1)
    node.rollback(depth)
    grow(node, rng, depth + rng.choice([-1, 0, 3]))
    named = node.hashes()
    ends = [job(chain.settings) for _ in range(2)]
    after = contents(chain.client)
    faults += [f for f in differences(before, after) if not f.startswith("meta.reorgs")]
    if [end["ingest_chain"].status for end in ends] != ["failed", "failed"]:
        faults.append("the chain was not halted")
    elif "which was final" not in ends[0]["ingest_chain"].summary:
        faults.append(f"halted for another reason: {ends[0]['ingest_chain'].summary}")
    if f"block {head - depth + 1}" not in alerts(chain.client):
        faults.append("nobody was told of the block")
    top = min(head, node.head)
    halted = (head - depth, top - head + depth, old[top], named[top], "halted")
    if told(chain.client) != [*story, halted]:
        faults.append(f"told {told(chain.client)[len(story) :]} instead of {halted}")
    node.rollback(node.head - head + depth)
    for block in plan:
        node.mine_planned(block)
    grow(node, rng, 3)
    if job(chain.settings)["ingest_chain"].status != "done":
        faults.append("the chain did not resume")
    faults += settle(chain, node)


def alerts(client):
    """All that was told to people."""
    rows = client.query("select title, body from meta.alerts final where rule = 'step_failed'")
    return str(rows.result_rows)


def test_fork_below_finality_halts_with_nothing_changed(
    promise, anvil, warehouse_settings, empty_chain_tables
):
    trial = promise("reorg-safe", small=2, full=5, unit="forks below finality")
    faults = []
    for table in ("pipeline_runs", "alerts"):
        empty_chain_tables.command(f"truncate table meta.{table}")
    with evm_node(anvil, slots_in_an_epoch=TWO_SLOTS) as node:
        grow(node, random.Random(5), 40)
        chain = Landing(warehouse_settings, empty_chain_tables, "devnet", [node])
        chain.follow()
        for index in range(trial.count):
            fork_below_finality(chain, node, random.Random(index), faults)
    trial.saw(f"{trial.count if not faults else 0} halted and told, 0 rows changed, then resumed")
    assert faults == []
