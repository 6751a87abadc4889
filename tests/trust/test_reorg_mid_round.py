"""The branch changes between any two answers of one round of following: the next round ends on the
new one, and the honest node is not taken for a liar."""

import pytest

from tests.fixtures.chain_landing import Landing, empty
from tests.fixtures.reorg_checks import (
    final_pointers,
    landed_contents,
    pointer_faults,
    story_faults,
    told,
    toy_contents,
)
from tests.fixtures.toy_chain import toy_chain
from tests.fixtures.toy_node import toy_node

SHARED = toy_chain(12)
OLD = [*SHARED, *toy_chain(6, start=12, parent_hash=SHARED[-1].hash, salt="old")]
NEW = [*SHARED, *toy_chain(9, start=12, parent_hash=SHARED[-1].hash, salt="new")]
# (blocks landed before, number of the answer before which the branch changes, answers until it
# changes back; 0 = it stays). A round from nothing takes 41 answers, one from 16 blocks 17.
TRIALS = [
    *(
        (landed, answer, 0)
        for landed, answers in ((0, 41), (16, 17))
        for answer in range(1, answers)
    ),
    *(
        (landed, answer, 3)
        for landed, answers in ((0, 41), (16, 17))
        for answer in range(1, answers)
    ),
]
ROUNDS = 3


@pytest.mark.slow
def test_branch_that_changes_during_a_round_is_followed(
    promise, warehouse_settings, empty_chain_tables
):
    trial = promise("reorg-safe", small=12, full=len(TRIALS), unit="changes within a round")
    faults = []
    for index in range(trial.count):
        case = TRIALS[index * len(TRIALS) // trial.count]
        empty(empty_chain_tables)
        faults += [
            (case, fault) for fault in one_trial(warehouse_settings, empty_chain_tables, *case)
        ]
    trial.saw(f"{trial.count - len({case for case, _ in faults})} equal, no node set aside")
    assert faults == []


def one_trial(settings, client, landed, answer, back_after):
    """Faults of one change."""
    with toy_node(OLD) as node:
        chain = Landing(settings, client, "devnet", [node])
        if landed:
            node.serve(OLD[:landed])
            chain.follow()
        node.serve(OLD)
        seen = 0

        def change(_):
            nonlocal seen
            seen += 1
            if seen == answer:
                node.serve(NEW)
            if back_after and seen == answer + back_after:
                node.serve([*OLD, *toy_chain(3, start=18, parent_hash=OLD[-1].hash)])

        node.before_answer = change
        faults = []
        for _ in range(ROUNDS):
            before, final, story = chain.pointers(), final_pointers(client), told(client)
            report = chain.follow()
            faults += report.degraded
            faults += pointer_faults(client, final)
            faults += story_faults(before, chain.pointers(), told(client)[len(story) :])
        if chain.pointers() != node.hashes():
            faults.append("other pointers than the node's")
        if landed_contents(client) != toy_contents(node.blocks):
            faults.append("other rows than the node's")
    return faults
