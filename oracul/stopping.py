"""Whether this process was asked to stop: what waits for long looks here."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# Set while a first Ctrl-C (or SIGTERM) is being obeyed.
asked = threading.Event()


@contextmanager
def terminating_as_interrupt() -> Iterator[None]:
    """Inside, SIGTERM does what Ctrl-C does, and both end waiting for a warehouse that is away.

    Outside the main thread nothing is changed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    interrupt = signal.getsignal(signal.SIGINT)

    def ask(number: int, frame: FrameType | None) -> None:
        asked.set()
        if callable(interrupt):
            interrupt(number, frame)

    before = signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    signal.signal(signal.SIGINT, ask)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, interrupt)
        signal.signal(signal.SIGTERM, before)
        asked.clear()
