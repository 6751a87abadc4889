"""Ctrl-C and SIGTERM inside a command."""

import signal

import pytest

from oracul import stopping


@pytest.mark.parametrize("one", [signal.SIGINT, signal.SIGTERM])
def test_signal_interrupts_and_ends_waiting(one):
    seen = []

    def be_interrupted():
        with stopping.terminating_as_interrupt():
            try:
                signal.raise_signal(one)
            finally:
                seen.append(stopping.asked.is_set())

    with pytest.raises(KeyboardInterrupt):
        be_interrupted()
    assert seen == [True]
    assert not stopping.asked.is_set()


def test_handlers_are_put_back():
    before = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
    with stopping.terminating_as_interrupt():
        pass
    assert [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)] == before
