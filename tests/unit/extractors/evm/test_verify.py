"""Links, gaps and runs among pointers, and what a report makes of them."""

from extractors.evm.verify.links import broken_links, gaps, link_faults, tops
from extractors.evm.verify.report import HOLE_BLOCKS, Verified, numbers_text
from extractors.evm.verify.verdict import BRANCH, LINKED, POINTERS, Fault, Pointed, Verdict

STATES = ("proven", "proven", "proven", "proven")


def pointers(*numbers, parents=None):
    parents = parents or {}
    return [Pointed(n, f"h{n}", parents.get(n, f"h{n - 1}"), n, "latest") for n in numbers]


def test_linked_pointers_have_one_top():
    assert [p.number for p in tops(pointers(1, 2, 3))] == [3]


def test_each_run_has_a_top():
    found = pointers(1, 2, 5, 6, 7, parents={7: "other"})
    assert [p.number for p in tops(found)] == [2, 6, 7]
    assert gaps(found) == [range(3, 5)]
    assert [(low.number, up.number) for low, up in broken_links(found)] == [(6, 7)]


def test_broken_link_is_told_of_the_upper_block_unless_the_nodes_said_which():
    found = pointers(1, 2, parents={2: "other"})
    assert link_faults(found, {})[2][0].check == LINKED
    assert link_faults(found, {1: (Fault(POINTERS, BRANCH, "no"),)}) == {}


def test_wide_gap_counts_only_in_a_range_that_was_asked_for():
    report = Verified("ethereum", 0, 10**6, gaps=[range(10, 10 + HOLE_BLOCKS + 1), range(5, 7)])
    assert (report.missing, report.holds) == (2, False)
    report.has_named_range = True
    assert report.missing == HOLE_BLOCKS + 3


def test_repaired_blocks_are_counted_anew():
    fault = Fault("raw.logs", "receiptsRoot and logsBloom", "no")
    bad = Verdict(3, "h3", ("proven", "proven", "broken", "proven"), (fault,))
    report = Verified("ethereum", 0, 5)
    report.add([Verdict(2, "h2", STATES), bad])
    report.replace([Verdict(3, "h3", STATES)], [bad])
    assert (report.blocks, report.broken, report.holds) == (2, 0, True)
    assert report.counts["logs", "proven"] == 2


def test_numbers_are_told_as_runs():
    assert numbers_text([3, 4, 5, 9]) == "3:6, 9"
