"""Following a chain: new blocks, reorgs by pointer, finality, nodes that lag."""

import msgspec
import pytest

from oracul.demo.recording import Recording
from oracul.errors import ForkBelowFinality
from tests.fixtures.chain_landing import landing
from tests.fixtures.toy_chain import toy_chain

SHARED = toy_chain(20)
OLD = toy_chain(5, start=20, parent_hash=SHARED[-1].hash, salt="old", branch="old")
NEW = toy_chain(8, start=20, parent_hash=SHARED[-1].hash, salt="new", branch="new")
RECORDING = Recording(31337, [*SHARED, *OLD, *NEW])
NODE = {"recording": RECORDING, "branch": "old", "head": 24, "safe": 15, "finalized": 10}


@pytest.fixture
def land(warehouse_settings, empty_chain_tables):
    def serve(*nodes):
        return landing(
            warehouse_settings, empty_chain_tables, "devnet", *[NODE | dict(n) for n in nodes]
        )

    return serve


def hashes(*parts):
    return {b.number: b.hash for part in parts for b in part}


def reorgs(landed):
    return landed.rows(
        "select fork_block_number, depth, old_head_hash, new_head_hash, outcome"
        " from meta.reorgs final order by detected_at"
    )


def test_follow_lands_everything_up_to_the_head(land):
    with land({}) as landed:
        assert landed.follow().blocks == 25
        assert landed.pointers() == hashes(SHARED, OLD)


def test_follow_again_does_nothing(land):
    with land({}) as landed:
        landed.follow()
        report = landed.follow()
        assert (report.blocks, report.reorgs, report.degraded) == (0, 0, [])


def test_follow_takes_the_newest_when_limited(land):
    with land({}) as landed:
        landed.follow(limit=7)
        assert sorted(landed.pointers()) == list(range(18, 25))
        landed.follow(limit=7)
        assert sorted(landed.pointers()) == list(range(11, 25))


def test_gaps_are_filled_newest_first(land):
    with land({}) as landed:
        landed.extract(3, 6)
        landed.extract(10, 12)
        landed.follow(limit=16)
        assert sorted(landed.pointers()) == [3, 4, 5, 7, 8, 9, *range(10, 25)]


def test_finality_rises_with_the_tags_and_never_falls(land):
    def levels(landed):
        return dict(
            landed.rows(
                "select finality, count() from meta.canonical_blocks final group by finality"
            )
        )

    with land({}) as landed:
        landed.follow()
        assert levels(landed) == {"finalized": 11, "safe": 5, "latest": 9}
        landed.nodes[0].set(safe=22, finalized=18)
        landed.follow()
        assert levels(landed) == {"finalized": 19, "safe": 4, "latest": 2}
        landed.nodes[0].set(safe=2, finalized=1)
        landed.follow()
        assert levels(landed) == {"finalized": 19, "safe": 4, "latest": 2}


def test_reorg_is_followed_by_pointer_and_recorded(land):
    with land({}) as landed:
        landed.follow()
        landed.nodes[0].set(branch="new", head=27)
        report = landed.follow()
        assert report.reorgs == 1
        assert landed.pointers() == hashes(SHARED, NEW)
        assert reorgs(landed) == [(19, 5, OLD[-1].hash, NEW[4].hash, "followed")]
        (kept,) = landed.rows("select uniqExact(block_hash) from raw.blocks")
        assert kept == (20 + 5 + 8,)


def test_branch_that_flips_back_is_followed_back(land):
    with land({}) as landed:
        landed.follow()
        for branch, head in (("new", 24), ("old", 24), ("new", 27)):
            landed.nodes[0].set(branch=branch, head=head)
            assert landed.follow().reorgs == 1
            chosen = NEW if branch == "new" else OLD
            assert landed.pointers() == hashes(SHARED, [b for b in chosen if b.number <= head])
        assert [row[1] for row in reorgs(landed)] == [5, 5, 5]


def test_reorg_met_while_extracting_a_range_is_followed(land):
    with land({}) as landed:
        landed.extract(15, 25)
        landed.nodes[0].set(branch="new", head=27)
        report = landed.extract(20, 28)
        assert report.reorgs == 1
        assert landed.pointers() == hashes(SHARED[15:], NEW)


def test_node_that_is_behind_is_no_reorg(land):
    with land({}) as landed:
        landed.follow()
        landed.nodes[0].set(head=21)
        report = landed.follow()
        assert (report.blocks, report.reorgs) == (0, 0)
        assert landed.pointers() == hashes(SHARED, OLD)


def test_shorter_branch_is_not_followed_yet(land):
    with land({}) as landed:
        landed.follow()
        landed.nodes[0].set(branch="new", head=22)
        assert landed.follow().reorgs == 0
        assert landed.pointers() == hashes(SHARED, OLD)


def test_one_of_two_nodes_on_another_branch_changes_nothing(land):
    with land({}, {}) as landed:
        landed.follow()
        landed.nodes[0].set(branch="new", head=24)
        assert landed.follow().reorgs == 0
        assert landed.pointers() == hashes(SHARED, OLD)


def test_syncing_node_has_no_say(land):
    with land({}, {"branch": "new", "head": 27, "syncing": True}) as landed:
        landed.follow()
        assert landed.pointers() == hashes(SHARED, OLD)


def test_fork_below_finality_halts_the_chain(land):
    with land({"finalized": 22, "safe": 23}) as landed:
        landed.follow()
        landed.nodes[0].set(branch="new", head=27)
        with pytest.raises(ForkBelowFinality, match="which was final"):
            landed.follow()
        assert landed.pointers() == hashes(SHARED, OLD)
        assert [row[-1] for row in reorgs(landed)] == ["halted"]


def finality_of(landed, number):
    ((finality,),) = landed.rows(
        f"select finality from meta.canonical_blocks final where block_number = {number}"
    )
    return finality


def test_orphaned_block_below_a_gap_never_becomes_final_and_is_repaired(land):
    with land({}) as landed:
        landed.extract(21, 22)
        landed.nodes[0].set(branch="new", head=27, safe=26, finalized=25)
        landed.extract(3, 4)
        assert (finality_of(landed, 21), finality_of(landed, 3)) == ("latest", "finalized")
        assert landed.follow(limit=3).reorgs == 1
        assert landed.pointers()[21] == NEW[1].hash
        assert finality_of(landed, 21) == "finalized"


def test_run_that_the_nodes_do_not_confirm_stays_as_it_is(land):
    with land({}, {}) as landed:
        landed.extract(21, 22)
        for node, branch in zip(landed.nodes, ("new", "old"), strict=True):
            node.set(branch=branch, head=24, safe=23, finalized=22)
        landed.extract(3, 4)
        assert finality_of(landed, 21) == "latest"


def absurd_head(method, params, result):
    if params[:1] != ["latest"]:
        return None
    return msgspec.json.encode({**msgspec.json.decode(result), "number": hex(10**9)})


def test_absurd_head_of_one_node_does_not_stop_the_chain(land):
    with land({}, {}, {"fault": absurd_head}) as landed:
        report = landed.follow(limit=7)
        assert sorted(landed.pointers()) == list(range(18, 25))
        (fault,) = report.degraded
        names = [node.url.removeprefix("http://") for node in landed.nodes]
        assert all(name in fault for name in names)
        assert f"{names[2]} at 1000000000" in fault
