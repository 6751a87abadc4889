"""Parsing in worker processes: the same as here, and it goes on when one of them is killed."""

import asyncio

import psutil
import pytest

from extractors.evm.parse import Answer, parse_answer
from extractors.evm.workers import WORTH_BLOCKS_LEFT, Parser
from tests.fixtures.toy_chain import toy_chain

BLOCKS = toy_chain(4)


def body(results):
    replies = [
        b'{"jsonrpc": "2.0", "id": %d, "result": %s}' % (i, r) for i, r in enumerate(results)
    ]
    return b"[%s]" % b",".join(replies)


ANSWER = Answer(
    "devnet",
    "node",
    tuple(b.number for b in BLOCKS),
    body([b.block for b in BLOCKS]),
    (body([b.receipts for b in BLOCKS]),),
)
HERE = parse_answer(ANSWER)


@pytest.fixture
def parser():
    """A parser that starts its workers at the first answer."""
    one = Parser(100 * WORTH_BLOCKS_LEFT, worth_seconds=0)
    yield one
    one.close()


def workers():
    """Processes of a pool that was started here."""
    return [p for p in psutil.Process().children() if "spawn_main" in " ".join(p.cmdline())]


async def parse_until_workers_have(parser):
    while not parser._greeting or not parser._greeting.done():
        assert await parser.parse(ANSWER) == HERE
    return await parser.parse(ANSWER)


def test_workers_find_the_same(parser):
    assert asyncio.run(parse_until_workers_have(parser)) == HERE


def test_answers_are_parsed_here_when_a_worker_is_killed(parser):
    async def run():
        await parse_until_workers_have(parser)
        for worker in workers():
            worker.kill()
        return await asyncio.gather(*(parser.parse(ANSWER) for _ in range(8)))

    assert asyncio.run(run()) == [HERE] * 8
    _, left = psutil.wait_procs(workers(), timeout=30)
    assert not left


def test_little_work_starts_no_workers():
    parser = Parser(WORTH_BLOCKS_LEFT, worth_seconds=0)
    asyncio.run(parser.parse(ANSWER))
    assert parser._executor is None
