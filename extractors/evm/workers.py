"""Where proving and parsing run: in place at first, in worker processes once that pays."""

import asyncio
import ctypes
import gc
import math
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from typing import Any

from extractors.evm.parse import Answer, Parsed, parse_answer
from oracul import stopping
from oracul.log import get_logger

# Workers cost about half a second each to start, so there must be work for them.
WORTH_SECONDS = 1.5
WORTH_BLOCKS_LEFT = 64
_MOST_WORKERS = 8
_MALLOC_TRIM_THRESHOLD, _MALLOC_MMAP_THRESHOLD = -1, -3
_KEPT_BYTES = 32 << 20


class Parser:
    """Parses answers, in this process unless what is left of the `blocks` looks like more than
    `worth_seconds` of work; then workers are started, and used as soon as they are there.
    """

    def __init__(self, blocks: int, *, worth_seconds: float = WORTH_SECONDS) -> None:
        self.blocks_left = blocks
        self.worth_seconds = worth_seconds
        self._parsed, self._spent_seconds = 0, 0.0
        self._executor: ProcessPoolExecutor | None = None
        self._greeting: Future[None] | None = None

    async def parse(self, answer: Answer) -> Parsed:
        """`parse_answer`, somewhere. Raises BadReply as it does."""
        self.blocks_left -= len(answer.numbers)
        if self._executor is None and self._is_worth_workers():
            self._start()
        if self._executor is not None and self._greeting is not None and self._greeting.done():
            loop = asyncio.get_running_loop()
            try:
                return await loop.run_in_executor(self._executor, parse_answer, answer)
            except BrokenProcessPool:
                self._go_on_alone()
        began = time.perf_counter()
        try:
            with _no_looking_for_cycles():
                return parse_answer(answer)
        finally:
            self._spent_seconds += time.perf_counter() - began
            self._parsed += len(answer.numbers)
            # Let others run: the loop must keep reading while we are busy here.
            await asyncio.sleep(0)

    def _is_worth_workers(self) -> bool:
        many = self.blocks_left >= WORTH_BLOCKS_LEFT
        ahead_seconds = self.blocks_left * self._spent_seconds / max(1, self._parsed)
        return many and ahead_seconds >= self.worth_seconds and (os.cpu_count() or 1) > 1

    def _start(self) -> None:
        """Spawned, never forked: this process may hold threads and connections. All at once: one
        that the pool starts later, while it breaks, would be left behind.
        """
        count = min(os.cpu_count() or 1, _MOST_WORKERS)
        self._executor = ProcessPoolExecutor(
            max_workers=count, mp_context=get_context("spawn"), initializer=prepare_worker
        )
        with _one_thread_for_algebra():
            self._greeting, *_ = [self._executor.submit(_ready) for _ in range(count)]

    def _go_on_alone(self) -> None:
        """A worker was killed, most often for the memory that all of them took: need no more."""
        if self._executor is not None:
            get_logger().warning("parsing_process_died", blocks_left=self.blocks_left)
            self._executor.shutdown(wait=False)
        self._executor, self.worth_seconds = None, math.inf

    def close(self) -> None:
        """End the workers; what they have in hand is finished."""
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)


def _ready() -> None:
    """Answered by the first worker that has started."""


def prepare_worker() -> None:
    """In a worker: leave Ctrl-C, which the whole process group gets, to the parent; and look for
    cycles rarely, since decoding makes lists by the thousand and none of them is in a cycle.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)
    _keep_freed_memory()


def _keep_freed_memory() -> None:
    """Let the C library keep what one answer took for the next one, instead of handing it back to
    the kernel, which clears every page it gives out again. A C library without this does as usual.
    """
    with suppress(AttributeError, OSError):
        libc = ctypes.CDLL(None)
        libc.mallopt(_MALLOC_TRIM_THRESHOLD, _KEPT_BYTES)
        libc.mallopt(_MALLOC_MMAP_THRESHOLD, _KEPT_BYTES)


@contextmanager
def _one_thread_for_algebra() -> Iterator[None]:
    """For processes started inside: numpy's threads wait for work by turning round and round."""
    name = "OPENBLAS_NUM_THREADS"
    is_set = name in os.environ
    os.environ.setdefault(name, "1")
    try:
        yield
    finally:
        if not is_set:
            del os.environ[name]


@contextmanager
def _no_looking_for_cycles() -> Iterator[None]:
    """For as long as an answer is parsed, as in a worker."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@contextmanager
def calling_on_interrupt(stop: Callable[[], None]) -> Iterator[None]:
    """The first Ctrl-C or SIGTERM calls `stop` in the running loop, and ends a wait for a warehouse
    that is away; a second one ends abruptly, as usual.

    Outside the main thread, where Python delivers no signals, nothing is changed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before: dict[signal.Signals, Any] = {
        one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)
    }

    def put_back() -> None:
        for one, handler in before.items():
            signal.signal(one, handler)

    def once(*_: object) -> None:
        put_back()
        stopping.asked.set()
        loop.call_soon_threadsafe(stop)

    for one in before:
        signal.signal(one, once)
    try:
        yield
    finally:
        put_back()
        stopping.asked.clear()
