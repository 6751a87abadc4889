"""A long stretch of a chain's past: which blocks, what landing them takes, piece by piece."""

import asyncio
import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Literal

import msgspec

from extractors.evm.budget import BACKFILL
from extractors.evm.columns import TABLES
from extractors.evm.estimate import bytes_a_block, requests_for
from extractors.evm.extract import extract_range, refuse_future, refuse_no_range
from extractors.evm.fetch import Fetch
from extractors.evm.finality import in_sync, read_claims
from extractors.evm.gaps import missing_ranges
from extractors.evm.parse import Parsed
from extractors.evm.pool import Pool, open_pool
from extractors.evm.report import Extracted
from extractors.evm.structs import BlockTime
from extractors.evm.work import Work
from extractors.evm.workers import Parser
from oracul.chains import get_chain
from oracul.errors import BadReply, ConfigError, SourceError
from oracul.progress import Progress, Silent
from oracul.settings import ChainSettings, Settings
from oracul.times import day_start, from_epoch
from oracul.warehouse import Client
from oracul.warehouse.build_lock import backfill_lock

Order = Literal["newest_first", "oldest_first"]
# Landed between two looks at the nodes' heads; a run that is killed goes on after the last batch.
CHUNK_BLOCKS = 2_000
# Blocks that are fetched, proven and thrown away, to learn how large and how slow they are.
SAMPLE_BLOCKS = 30
_times = msgspec.json.Decoder(BlockTime)
_STORED_SQL = """
select
    (
        select sum(bytes_on_disk) from system.parts
        where active and database = 'raw' and has({tables:Array(String)}, table)
    ),
    (select count() from raw.blocks)
"""


@dataclass(frozen=True)
class ChainPlan:
    """What landing [start, end) of a chain will take.

    `missing` are the ranges without a pointer, newest first; `first_at` and `last_at` the times of
    the first and last block. What follows is about what it takes, 0 when nobody asked: `requests`
    are HTTP requests, `bytes` what the nodes will send, `stored_bytes` what the rows will take on
    disk (None before the first block landed), `seconds` the time at the speed of a few blocks that
    were tried.
    """

    chain: str
    start: int
    end: int
    missing: tuple[range, ...]
    first_at: datetime
    last_at: datetime
    requests: int = 0
    bytes: int = 0
    stored_bytes: int | None = None
    seconds: float = 0.0

    @property
    def blocks(self) -> int:
        """Blocks to land."""
        return sum(map(len, self.missing))

    @property
    def already_there(self) -> int:
        """Blocks that landed before."""
        return self.end - self.start - self.blocks


def plan_chain(
    settings: Settings,
    client: Client,
    chain: str,
    *,
    blocks: tuple[int, int] | None = None,
    days: tuple[date, date] | None = None,
    estimates: bool = True,
) -> ChainPlan:
    """Look what is missing and, if it `estimates`, try a few blocks for what it takes; lands
    nothing.

    `blocks` is half-open, `days` are UTC days, both taken. Raises ConfigError (unknown chain, no
    URL, a range that is none or not there yet), SourceError when no endpoint answers.
    """
    spec = get_chain(chain)
    settings = with_share(settings, chain)

    async def run() -> ChainPlan:
        async with open_pool(settings, spec, client=client, flow=BACKFILL) as pool:
            claims = await read_claims(pool)
            head = max(claim.latest for claim in in_sync(claims))
            start, end = blocks or await blocks_of_days(pool, head, *_given(days))
            refuse_no_range(start, end)
            refuse_future(chain, end, head)
            missing = await asyncio.to_thread(missing_ranges, client, chain, start, end)
            first_at, last_at = [
                from_epoch(await _time_of(pool, number)) for number in (start, end - 1)
            ]
            plan = ChainPlan(chain, start, end, tuple(missing), first_at, last_at)
            if not plan.blocks or not estimates:
                return plan
            sample = await _try_some(pool, spread(missing, SAMPLE_BLOCKS))
            return await asyncio.to_thread(_estimated, client, plan, sample, settings)

    return asyncio.run(run())


def backfill_chain(
    settings: Settings,
    client: Client,
    plan: ChainPlan,
    *,
    run_id: str,
    order: Order = "newest_first",
    progress: Progress | None = None,
) -> Extracted:
    """Land what the plan names, in chunks; each of them as `extract_range` does.

    Nothing is remembered between runs: what has a pointer is there, so a run that was killed is
    just begun again. Raises as `extract_range`, and ConfigError while another one of the chain runs
    on this machine.
    """
    settings, progress = with_share(settings, plan.chain), progress or Silent()
    total = Extracted(plan.chain, plan.start, plan.end, already_there=plan.already_there)
    with alone(settings.home, plan.chain, f"{plan.start}:{plan.end}"):
        progress.start(f"{plan.chain} backfill", plan.blocks, "blocks")
        try:
            for chunk in chunks(plan.missing, order):
                landed = extract_range(
                    settings, client, plan.chain, chunk.start, chunk.stop, run_id=run_id,
                    progress=_Inside(progress), flow=BACKFILL,
                )  # fmt: skip
                total.include(landed)
        finally:
            progress.finish()
    return total


def with_share(settings: Settings, chain: str) -> Settings:
    """The settings with half of the requests in flight: the other half is for the live chain."""
    mine = settings.chains.get(chain, ChainSettings())
    share = mine.model_copy(update={"max_concurrency": max(1, mine.max_concurrency // 2)})
    return settings.model_copy(update={"chains": settings.chains | {chain: share}})


def chunks(missing: Sequence[range], order: Order) -> Iterator[range]:
    """The ranges in pieces of CHUNK_BLOCKS, the gaps between them left out.

    Small gaps beside each other are one piece, up to that many blocks from end to end.
    """
    pieces: list[range] = []
    for gap in sorted(missing, key=lambda gap: -gap.stop):
        stop = gap.stop
        while stop > gap.start:
            low = max(gap.start, stop - CHUNK_BLOCKS)
            if pieces and pieces[-1].stop - low <= CHUNK_BLOCKS:
                pieces[-1] = range(low, pieces[-1].stop)
            else:
                pieces.append(range(low, stop))
            stop = low
    yield from pieces if order == "newest_first" else reversed(pieces)


def spread(missing: Sequence[range], count: int) -> list[int]:
    """At most `count` numbers of the ranges, evenly over all of them."""
    total = sum(map(len, missing))
    picked, offset = [], 0
    wanted = iter(sorted({i * total // count for i in range(count)}) if total else ())
    place = next(wanted, None)
    for gap in missing:
        while place is not None and place < offset + len(gap):
            picked.append(gap[place - offset])
            place = next(wanted, None)
        offset += len(gap)
    return picked


async def blocks_of_days(pool: Pool, head: int, first: date, last: date) -> tuple[int, int]:
    """Block numbers of the UTC days `first` to `last`, both taken, by the nodes' block times.

    Raises ConfigError when the chain has no block in them.
    """
    start = await first_block_since(pool, head, day_start(first))
    end = await first_block_since(pool, head, day_start(last + timedelta(days=1)))
    if start == end:
        raise ConfigError(
            f"{pool.chain.chain} has no block from {first} to {last}.",
            hint="Its newest block is older, or its first one younger.",
        )
    return start, end


async def first_block_since(pool: Pool, head: int, instant: datetime) -> int:
    """The lowest number whose block is not older than the instant; head + 1 when all are."""
    wanted = int(instant.timestamp())
    low, low_time = 0, await _time_of(pool, 0)
    high, high_time = head, await _time_of(pool, head)
    if wanted <= low_time:
        return 0
    if wanted > high_time:
        return head + 1
    # low is older than wanted, high is not. Block times are even enough to guess between them;
    # where they are not, every second guess halves.
    is_guess = True
    while high - low > 1:
        middle = (low + high) // 2
        if is_guess:
            share = (wanted - low_time) / max(high_time - low_time, 1)
            middle = min(max(low + int(share * (high - low)), low + 1), high - 1)
        found = await _time_of(pool, middle)
        if found < wanted:
            low, low_time = middle, found
        else:
            high, high_time = middle, found
        is_guess = not is_guess
    return high


def _given(days: tuple[date, date] | None) -> tuple[date, date]:
    if days is None:
        raise ConfigError("A backfill needs blocks or days.", hint="Give one of the two.")
    if days[1] < days[0]:
        raise ConfigError(f"The days end ({days[1]}) before they begin ({days[0]}).")
    return days


@dataclass
class _Sample:
    """What trying some blocks showed."""

    blocks: int = 0
    transactions: int = 0
    received_bytes: int = 0
    seconds: float = 0.0
    lack_block_receipts: bool = False


async def _try_some(pool: Pool, numbers: list[int]) -> _Sample:
    """Fetch and prove blocks as a run does, and let them go again."""
    sample = _Sample()

    async def count(parsed: Parsed) -> None:
        sample.blocks += len(parsed.facts)
        sample.transactions += sum(fact.transactions for fact in parsed.facts)

    parser = Parser(len(numbers))
    before = sum(e.traffic.received_bytes for e in pool.endpoints)
    began = time.monotonic()
    try:
        await Fetch(pool, Work(iter(numbers)), count, lambda *_: None, parser).run()
    finally:
        parser.close()
    sample.seconds = time.monotonic() - began
    sample.received_bytes = sum(e.traffic.received_bytes for e in pool.endpoints) - before
    sample.lack_block_receipts = not any(e.has_block_receipts for e in pool.usable)
    return sample


def _estimated(client: Client, plan: ChainPlan, sample: _Sample, settings: Settings) -> ChainPlan:
    chain = settings.chains[plan.chain]
    tried = max(sample.blocks, 1)
    receipts = sample.transactions / tried if sample.lack_block_receipts else None
    sizes = [
        sum(len(run) for run in missing_in(plan.missing, chunk))
        for chunk in chunks(plan.missing, "newest_first")
    ]
    requests = sum(requests_for(size, chain, receipts_a_block=receipts) for size in sizes)
    return replace(
        plan,
        requests=requests,
        bytes=round(
            (bytes_a_block(client, plan.chain) or sample.received_bytes / tried) * plan.blocks
        ),
        stored_bytes=_stored_bytes(client, plan),
        seconds=sample.seconds / tried * plan.blocks,
    )


def missing_in(missing: Sequence[range], chunk: range) -> Iterator[range]:
    """The parts of the ranges that lie in a chunk."""
    for gap in missing:
        if part := range(max(gap.start, chunk.start), min(gap.stop, chunk.stop)):
            yield part


def _stored_bytes(client: Client, plan: ChainPlan) -> int | None:
    """Disk that the rows will take, by what those of all chains take now."""
    ((stored, blocks),) = client.query(_STORED_SQL, parameters={"tables": list(TABLES)}).result_rows
    return round(stored / blocks * plan.blocks) if blocks else None


class _Inside:
    """Progress of a chunk within that of the whole: its beginning and end are not shown."""

    def __init__(self, whole: Progress) -> None:
        self._whole = whole

    def start(self, label: str, total: int | None, unit: str) -> None:
        """Say nothing."""

    def advance(self, done: int, **facts: float | str) -> None:
        """Pass it on."""
        self._whole.advance(done, **facts)

    def finish(self) -> None:
        """Say nothing."""


async def _time_of(pool: Pool, number: int) -> int:
    (reply,) = await pool.ask([("eth_getBlockByNumber", [hex(number), False])])
    if reply.error is not None:
        raise SourceError(f"No time of block {number}: {reply.error.message[:160]}")
    try:
        return int(_times.decode(reply.result).timestamp, 16)
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise BadReply(f"Block {number} was answered without a time.") from None


@contextmanager
def alone(home: Path, chain: str, span: str) -> Iterator[None]:
    """One backfill of a chain at a time on a machine: two would fetch the same blocks twice.

    Raises ConfigError that names the other one. The kernel frees the lock of a killed run.
    """

    def refuse(found: str) -> None:
        other = json.loads(found) if found.startswith("{") else {}
        raise ConfigError(
            f"A backfill of {chain} is running: blocks {other.get('span', 'unknown')}, "
            f"process {other.get('pid', 'unknown')}.",
            hint="Wait until it is done, or stop it; what it landed stays.",
        ) from None

    note = json.dumps({"pid": os.getpid(), "span": span})
    with backfill_lock(home, chain, note, refuse):
        yield
