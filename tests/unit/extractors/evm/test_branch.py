"""Links between blocks and agreement of endpoints."""

import pytest
from pydantic import SecretStr

from extractors.evm.branch import agreed, broken_links, contradicts, is_stale, unanchored
from extractors.evm.endpoint import make_endpoints
from extractors.evm.extract import newest
from extractors.evm.finality import Claim, Tags, combine, heads_apart
from extractors.evm.gaps import newest_first, runs
from extractors.evm.parse import BlockFacts
from extractors.evm.pointers import Pointer


def fact(number, block_hash, parent):
    return BlockFacts(number, block_hash, parent, 0, 0, 0, 0, ())


def pointer(number, block_hash, parent):
    return Pointer(number, block_hash, parent, 0, "latest")


def test_linked_blocks_have_no_broken_link():
    assert broken_links([fact(2, "b", "a"), fact(3, "c", "b")], {1: pointer(1, "a", "z")}) == []


def test_unknown_neighbours_break_nothing():
    assert broken_links([fact(5, "e", "d")], {}) == []


def test_link_to_the_pointer_below_and_above_is_checked():
    pointers = {1: pointer(1, "x", "z"), 3: pointer(3, "c", "y")}
    assert broken_links([fact(2, "b", "a")], pointers) == [(1, 2), (2, 3)]


def test_new_block_takes_the_place_of_its_pointer():
    pointers = {1: pointer(1, "old", "z"), 2: pointer(2, "b", "new")}
    assert broken_links([fact(1, "new", "z")], pointers) == []


def test_only_tops_of_runs_need_an_anchor():
    facts = [fact(n, str(n), str(n - 1)) for n in (1, 2, 5)]
    assert unanchored(facts, {6: pointer(6, "6", "5")}) == [2]


def test_majority_decides():
    assert agreed(["a", "a", "b"]) == "a"
    assert agreed(["a", "b"]) is None
    assert agreed([]) is None


def test_node_that_is_behind_contradicts_nothing():
    assert not contradicts("a", [])
    assert contradicts("a", ["b"])
    assert contradicts("a", ["a", "b"])
    assert not contradicts("a", ["a", "a", "b"])


def test_canonical_block_is_stale_only_when_most_say_so():
    assert is_stale("a", ["b"])
    assert not is_stale("a", ["a", "b"])
    assert not is_stale("a", [])


def test_newest_cuts_from_the_top():
    assert newest([range(10, 20), range(5)], 12) == [range(10, 20), range(3, 5)]


def test_runs_and_newest_first_are_inverse():
    assert list(newest_first(runs([1, 2, 3, 7]))) == [7, 3, 2, 1]


def claim(latest, safe=None, finalized=None, is_syncing=False):
    return Claim(None, latest, "", safe, finalized, is_syncing)


def test_finality_is_the_lowest_claim_of_nodes_in_sync():
    claims = [claim(100, 90, 80), claim(99, 70, 60), claim(5, 2, 1, is_syncing=True)]
    assert combine(claims, 64) == Tags(99, 70, 60)


def test_finality_without_tags_is_by_depth():
    tags = combine([claim(100)], 64)
    assert [tags.of(n) for n in (36, 37)] == ["finalized", "latest"]


@pytest.mark.parametrize(
    ("heads", "latest"),
    [([100], 100), ([100, 98], 98), ([10**9, 100, 99], 100), ([3, 99, 100], 99)],
)
def test_head_is_one_that_two_nodes_reach(heads, latest):
    assert combine([claim(head) for head in heads], 64).latest == latest


@pytest.mark.parametrize(("heads", "is_said"), [([1000, 2000], False), ([1000, 2001], True)])
def test_heads_far_apart_are_said_with_names(heads, is_said):
    endpoints = make_endpoints(
        [SecretStr("http://a"), SecretStr("http://b")], max_concurrency=1, max_batch_blocks=1
    )
    claims = [Claim(e, n, "", None, None, False) for e, n in zip(endpoints, heads, strict=True)]
    assert ("a at 1000, b at 2001" in heads_apart(claims)) is is_said
