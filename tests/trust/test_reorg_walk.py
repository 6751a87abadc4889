"""Random walks of a node over branches, lags and rounds of following, checked against a model after
every step. Seeded; no real node, so that thousands of steps are cheap."""

import random
from dataclasses import dataclass, field

import pytest

from oracul.demo.recording import RecordedBlock
from oracul.errors import ForkBelowFinality
from tests.fixtures.chain_landing import Landing, empty
from tests.fixtures.reorg_checks import (
    final_pointers,
    landed_contents,
    pointer_faults,
    story_faults,
    told,
    toy_contents,
)
from tests.fixtures.toy_chain import ZERO_HASH, toy_chain
from tests.fixtures.toy_node import ToyNode, toy_node

FINALIZED_DEPTH = 8
STEPS_A_WALK = 25


@dataclass
class Walk:
    """A node, the chain it should be on, and what was landed of it."""

    node: ToyNode
    landed: Landing
    rng: random.Random
    chain: list[RecordedBlock]
    left: list[list[RecordedBlock]] = field(default_factory=list)
    final: int = 0
    branches: int = 0
    faults: list[str] = field(default_factory=list)

    def serve(self, chain):
        """The node is on this chain from now on; what is final by it can never be left again."""
        if chain[: len(self.chain)] != self.chain:
            self.left.append(self.chain)
        self.chain = chain
        self.final = max(self.final, len(chain) - 1 - FINALIZED_DEPTH)
        self.node.serve(chain)

    def branch(self, fork, length):
        """Our chain up to block `fork`, then `length` new blocks."""
        self.branches += 1
        salt = f"{self.branches}"
        shared = self.chain[: fork + 1]
        return [*shared, *toy_chain(length, start=fork + 1, parent_hash=shared[-1].hash, salt=salt)]

    def other(self):
        """Another chain that the node may change to: a new branch, or one it was on before."""
        fork = self.rng.randint(self.final, len(self.chain) - 1)
        new = self.branch(fork, len(self.chain) - 1 - fork + self.rng.randint(1, 3))
        old = [c for c in self.left if shared(c, self.chain) > self.final]
        if not old or self.rng.random() < 0.6:
            return new
        again = self.rng.choice(old)
        missing = max(len(self.chain) - len(again), 0)
        self.branches += 1
        grown = toy_chain(
            missing, start=len(again), parent_hash=again[-1].hash, salt=f"{self.branches}"
        )
        return [*again, *grown]

    def round(self, act):
        """One round of following; notes what does not hold after it."""
        client = self.landed.client
        before, final, story = self.landed.pointers(), final_pointers(client), told(client)
        act()
        after = self.landed.pointers()
        self.faults += pointer_faults(client, final)
        self.faults += story_faults(before, after, told(client)[len(story) :])
        seen = landed_contents(client)
        truth = toy_contents([b for c in (*self.left, self.chain) for b in c])
        self.faults += [f"other rows of {h}" for h in seen if seen[h] != truth.get(h)]
        return before, after


def shared(one, other):
    """How many blocks two chains share."""
    return sum(a.hash == b.hash for a, b in zip(one, other, strict=False))


def grow(walk):
    """New blocks on the same chain."""
    walk.serve(walk.branch(len(walk.chain) - 1, walk.rng.randint(1, 4)))


def change(walk):
    """Another branch between two rounds."""
    walk.serve(walk.other())


def change_twice(walk):
    """Two changes in a row that nobody saw in between."""
    change(walk)
    change(walk)


def change_within_a_round(walk):
    """Another branch between two answers; the next round must end on it."""
    at, target = walk.rng.randint(1, 25), walk.other()

    def before_answer(n):
        if n == at:
            walk.node.before_answer = None
            walk.serve(target)

    walk.node.answered = 0
    walk.node.before_answer = before_answer
    walk.round(walk.landed.follow)
    walk.node.before_answer = None


def take_a_few(walk):
    """Follow with a limit, so that gaps stay."""
    walk.round(lambda: walk.landed.follow(walk.rng.randint(1, 6)))


def extract_somewhere(walk):
    """Land a range in the middle."""
    start = walk.rng.randint(0, len(walk.chain) - 2)
    end = walk.rng.randint(start + 1, len(walk.chain))
    walk.round(lambda: walk.landed.extract(start, end))


def lag(walk):
    """A node that is behind, or syncing, or on a shorter branch: nothing that was there changes."""
    size = walk.rng.randint(max(len(walk.chain) - 6, 2), len(walk.chain))
    settle(walk)
    if walk.rng.random() < 0.5 or size == len(walk.chain):
        shown = walk.chain[:size]
    else:
        fork = min(max(size - 3, walk.final), size - 1)
        shown = walk.branch(fork, size - 1 - fork)
    walk.node.serve(shown, syncing=walk.rng.random() < 0.5)
    before, after = walk.round(walk.landed.follow)
    if before != after:
        walk.faults.append(f"a node at {size - 1} of {len(walk.chain) - 1} changed pointers")
    walk.node.serve(walk.chain)


def fork_below_finality(walk):
    """A branch that leaves below a final block: halted, with nothing changed; then it is gone."""
    final = max(final_pointers(walk.landed.client), default=0)
    if final == 0:
        return
    fork = walk.rng.randint(0, final - 1)
    walk.node.serve(walk.branch(fork, len(walk.chain) + 2 - fork))

    def halts():
        with pytest.raises(ForkBelowFinality):
            walk.landed.follow()

    before, after = walk.round(halts)
    if before != after or told(walk.landed.client)[-1][-1] != "halted":
        walk.faults.append(f"a fork at {fork} below {final} was not halted")
    walk.node.serve(walk.chain)


def settle(walk):
    """Two rounds, after which everything is there and on the node's branch."""
    walk.node.serve(walk.chain)
    for _ in range(2):
        walk.round(walk.landed.follow)
    if walk.landed.pointers() != walk.node.hashes():
        walk.faults.append("other pointers than the node's")


STEPS = {
    grow: 3,
    change: 4,
    change_twice: 1,
    change_within_a_round: 3,
    take_a_few: 2,
    extract_somewhere: 2,
    lag: 2,
    fork_below_finality: 1,
    settle: 2,
}


def walk_once(settings, client, seed):
    """Faults of one walk, each with the step that it followed."""
    empty(client)
    rng = random.Random(seed)
    start = toy_chain(rng.randint(12, 24), parent_hash=ZERO_HASH)
    with toy_node(start, finalized_depth=FINALIZED_DEPTH) as node:
        walk = Walk(node, Landing(settings, client, "devnet", [node]), rng, start)
        walk.serve(start)
        for number in range(STEPS_A_WALK):
            step = rng.choices(list(STEPS), list(STEPS.values()))[0]
            step(walk)
            if walk.faults:
                return [f"walk {seed}, step {number} ({step.__name__}): {f}" for f in walk.faults]
        settle(walk)
    return walk.faults


@pytest.mark.slow
def test_random_walk_over_branches_ends_on_the_nodes_branch(
    promise, warehouse_settings, empty_chain_tables
):
    trial = promise("reorg-safe", small=2, full=30, unit=f"random walks of {STEPS_A_WALK} steps")
    found = [walk_once(warehouse_settings, empty_chain_tables, seed) for seed in range(trial.count)]
    trial.saw(f"{found.count([])} equal after every step")
    assert found == [[]] * trial.count
