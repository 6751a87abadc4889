"""Fetching and landing at once: how a run ends."""

import asyncio

import pytest

from extractors.evm.extract import _run
from extractors.evm.report import Extracted
from oracul.errors import LandingMismatch


class FullLander:
    """A landing that fails while its queue is full and nothing more is fetched."""

    def __init__(self):
        self.extracted = Extracted("devnet", 0, 1)
        self.queue = asyncio.Queue(maxsize=1)
        self.is_ending = asyncio.Event()

    async def finish(self):
        self.is_ending.set()
        await self.queue.put(None)

    async def run(self):
        await self.is_ending.wait()
        assert self.queue.full()
        raise LandingMismatch("stored is not what was proven")


class EndedFetch:
    """Fetching that fills the queue and ends."""

    def __init__(self, lander):
        self.lander = lander

    async def run(self):
        await self.lander.queue.put("batch")

    def stop(self):
        raise AssertionError("nobody interrupts")


def test_landing_that_fails_behind_a_full_queue_ends_the_run():
    async def run():
        lander = FullLander()
        await asyncio.wait_for(_run(EndedFetch(lander), lander), 5)

    with pytest.raises(LandingMismatch):
        asyncio.run(run())
