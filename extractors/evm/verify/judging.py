"""Judging batches in worker processes when there are many blocks, else in a thread."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from extractors.evm.verify.judge import judge
from extractors.evm.verify.stored import batches, read_batch
from extractors.evm.verify.verdict import Fault, Pointed, Verdict
from extractors.evm.workers import prepare_worker
from oracul.warehouse import Client

# A worker takes about half a second to start.
WORTH_BLOCKS = 300
_MOST_WORKERS = 8


class Judging:
    """Reads batches ahead and judges them, a few at a time, so that memory stays flat."""

    def __init__(self, client: Client, chain: str, blocks: int) -> None:
        self.client, self.chain = client, chain
        self.workers = min(os.cpu_count() or 1, _MOST_WORKERS) if blocks >= WORTH_BLOCKS else 0
        self._executor: ProcessPoolExecutor | None = None
        self.is_stopped = False

    async def verdicts(
        self, pointers: Sequence[Pointed], known: Mapping[int, tuple[Fault, ...]]
    ) -> AsyncIterator[list[Verdict]]:
        """Verdicts of one batch after the other, as they are ready; ends early once stopped."""
        parts = await asyncio.to_thread(batches, self.client, self.chain, pointers)
        waiting = list(reversed(parts))
        running: set[asyncio.Task[list[Verdict]]] = set()
        while running or (waiting and not self.is_stopped):
            while waiting and not self.is_stopped and len(running) <= self.workers:
                running.add(asyncio.create_task(self._one(waiting.pop(), known)))
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                yield task.result()

    async def _one(
        self, part: Sequence[Pointed], known: Mapping[int, tuple[Fault, ...]]
    ) -> list[Verdict]:
        its_known = {p.number: known[p.number] for p in part if p.number in known}
        batch = await asyncio.to_thread(read_batch, self.client, self.chain, part, its_known)
        if not self.workers:
            return await asyncio.to_thread(judge, batch)
        if self._executor is None:
            self._executor = ProcessPoolExecutor(
                max_workers=self.workers,
                mp_context=get_context("spawn"),
                initializer=prepare_worker,
            )
        return await asyncio.get_running_loop().run_in_executor(self._executor, judge, batch)

    def stop(self) -> None:
        """Take no new batch; those in hand are finished."""
        self.is_stopped = True

    def close(self) -> None:
        """End the workers."""
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)
