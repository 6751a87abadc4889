"""How a flow's run ends, from how its steps did."""

import pytest

from flows.steps import Outcome, Run
from flows.tasks import LONGEST_MESSAGE, _covered, _ended
from oracul.settings import Settings


def test_run_says_what_each_step_did():
    state = _ended([Outcome("a", "done", "7 rows"), Outcome("b", "done", "nothing to tell.")])
    assert (state.type.value, state.name) == ("COMPLETED", "Completed")
    assert state.message == "a: 7 rows. b: nothing to tell."


def test_run_that_did_less_than_asked_is_degraded_and_says_why():
    state = _ended([Outcome("a", "done", "7 rows"), Outcome("b", "degraded", "kraken is out")])
    assert (state.type.value, state.name) == ("COMPLETED", "Degraded")
    assert state.message == "b: kraken is out."


def test_message_is_cut_and_harmless():
    message = _ended([Outcome("a", "done", "x\x1b[31m" * LONGEST_MESSAGE)]).message
    assert len(message) <= LONGEST_MESSAGE + 1
    assert "\x1b" not in message


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({}, "all chains"),
        ({"chain": "devnet"}, "devnet"),
        ({"chain": "devnet", "blocks": (1, 3)}, "devnet 1:3"),
        ({"groups": ("network",)}, "network"),
    ],
)
def test_task_is_named_by_what_it_covers(given, name):
    assert _covered(Run(Settings(_env_file=None), **given)) == name
