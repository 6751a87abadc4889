"""Who may try which block, and when a block is given up."""

from extractors.evm.parse import Refusal
from extractors.evm.work import Work


def work(*numbers):
    return Work(iter(numbers))


def test_blocks_are_handed_out_in_order_and_once():
    w = work(5, 4, 3)
    assert [w.take("a", 2), w.take("b", 2), w.take("b", 2)] == [[5, 4], [3], []]


def test_refused_block_goes_to_another_endpoint():
    w = work(1)
    w.take("a", 1)
    w.refuse("a", Refusal(1, "missing", "null"), ["a", "b"])
    assert w.take("a", 1) == []
    assert w.take("b", 1) == [1]


def test_disproven_answer_is_asked_for_twice_at_a_lone_endpoint():
    w = work(1)
    for _ in range(2):
        assert w.take("a", 1) == [1]
        w.refuse("a", Refusal(1, "proof", "lie"), ["a"])
    assert w.take("a", 1) == []
    assert w.given_up == {1: "a: lie"}


def test_block_is_given_up_when_the_last_endpoint_is_gone():
    w = work(1)
    w.take("a", 1)
    w.refuse("a", Refusal(1, "missing", "null"), ["a", "b"])
    w.give_up_what_nobody_has(["a"])
    assert 1 in w.given_up


def test_stopped_work_is_drained_once_nothing_is_in_hand():
    w = work(2, 1)
    w.take("a", 1)
    w.is_stopped = True
    assert not w.is_drained
    w.accept([2])
    assert w.is_drained
    assert w.take("a", 1) == []


def test_work_put_back_is_no_strike():
    w = work(1)
    for _ in range(10):
        assert w.take("a", 1) == [1]
        w.put_back([1])
    assert not w.given_up


def test_given_up_blocks_are_tried_again_but_not_where_they_are_barred():
    w = Work.again_without({1: "a"})
    w.take("b", 1)
    w.refuse("b", Refusal(1, "missing", "null"), ["a", "b"])
    assert w.given_up
    assert w.try_again()
    assert [w.take("a", 1), w.take("b", 1)] == [[], [1]]
    assert not w.try_again()
