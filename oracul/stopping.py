"""Whether this process was asked to stop: what waits for long looks here."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# Set while a first Ctrl-C (or SIGTERM) is being obeyed.
asked = threading.Event()


@contextmanager
def terminating_as_interrupt() -> Iterator[None]:
    """Inside, SIGTERM does what Ctrl-C does. Outside the main thread nothing is changed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
