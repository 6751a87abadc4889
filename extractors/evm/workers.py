"""Processes that prove and parse, and what Ctrl-C does to a run."""

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any

WORTH_WORKERS = 64
_MOST_WORKERS = 8


@contextmanager
def workers(blocks: int) -> Iterator[Executor | None]:
    """Processes to prove and parse in; None when the range is not worth the second they cost.

    They are spawned, never forked: the parent may hold threads and connections.
    """
    if blocks < WORTH_WORKERS:
        yield None
        return
    executor = ProcessPoolExecutor(
        max_workers=max(1, min(os.cpu_count() or 1, _MOST_WORKERS)),
        mp_context=get_context("spawn"),
        initializer=_ignore_interrupt,
    )
    try:
        yield executor
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _ignore_interrupt() -> None:
    """Ctrl-C goes to the whole process group; only the parent decides what it means."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def calling_on_interrupt(stop: Callable[[], None]) -> Iterator[None]:
    """The first Ctrl-C calls `stop` in the running loop; a second one ends abruptly, as usual.

    Outside the main thread, where Python delivers no signals, nothing is changed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before: Any = signal.getsignal(signal.SIGINT)

    def once(*_: object) -> None:
        signal.signal(signal.SIGINT, before)
        loop.call_soon_threadsafe(stop)

    signal.signal(signal.SIGINT, once)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
