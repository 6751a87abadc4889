"""`meta.rpc_usage`: what was asked of whom, written while it is asked, and read back by day."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from uuid import uuid4

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from oracul.errors import WarehouseError
from oracul.log import get_logger
from oracul.times import utc_now
from oracul.traffic import Traffic
from oracul.warehouse.client import first_words

# What a process that is killed may leave uncounted.
WRITTEN_EVERY_SECONDS = 15.0
_COLUMNS = [
    "day", "chain", "provider", "flow", "counter", "requests", "calls", "bytes", "failures",
    "counted_at",
]  # fmt: skip
_OTHERS_SQL = """
    select sum(requests) from meta.rpc_usage final
    where day = {day:Date} and chain = {chain:String} and counter != {counter:String}
"""
_DAY_SQL = """
    select chain, provider, sum(requests), sum(calls), sum(bytes), sum(failures)
    from meta.rpc_usage final
    where day = {day:Date}
    group by chain, provider
    order by chain, provider
"""
Clock = Callable[[], datetime]


class Meter:
    """The traffic of some sources on its way to `meta.rpc_usage`. Made by `metered`.

    Each write says again what this counter counted on the day, so one that is lost or comes twice
    changes nothing. What is counted within WRITTEN_EVERY_SECONDS after midnight may stand on the
    day before.
    """

    def __init__(
        self, client: Client, flow: str, sources: Mapping[str, Traffic], chain: str, clock: Clock
    ) -> None:
        self.client, self.flow, self.sources, self.chain = client, flow, sources, chain
        self.counter, self.clock = uuid4().hex, clock
        self.day = clock().date()
        self.others = 0
        self._before = self._totals()
        self._written: dict[str, Traffic] = {}
        self._writing = threading.Lock()

    def requests_on(self, day: date) -> int:
        """Requests to the chain on this day: ours, and of others as they were last read."""
        if day != self.day:  # it has just begun
            return 0
        return self.others + sum(one.requests for one in self._today(self.sources).values())

    def read_others(self) -> None:
        """See what others asked of the chain today. Raises what the driver raises."""
        parameters = {"day": self.day, "chain": self.chain, "counter": self.counter}
        ((requests,),) = self.client.query(_OTHERS_SQL, parameters=parameters).result_rows
        self.others = int(requests)

    def write(self) -> None:
        """Bring the table up to date. A warehouse that refuses is only told of: the work that is
        counted matters more, and the next write makes up for it.
        """
        with self._writing:
            now, totals = self.clock(), self._totals()
            counts = self._today(totals)
            changed = {n: t for n, t in counts.items() if t != self._written.get(n, Traffic())}
            try:
                if changed:
                    self._insert(changed, now)
            except (ClickHouseError, WarehouseError) as error:
                get_logger().warning("rpc_usage_not_recorded", because=first_words(error))
                return
            self._written |= changed
            if now.date() != self.day:
                self.day, self.others = now.date(), 0
                self._before, self._written = totals, {}

    def _totals(self) -> dict[str, Traffic]:
        return {name: traffic.copy() for name, traffic in self.sources.items()}

    def _today(self, totals: Mapping[str, Traffic]) -> dict[str, Traffic]:
        return {name: total.since(self._before[name]) for name, total in totals.items()}

    def _insert(self, counts: Mapping[str, Traffic], now: datetime) -> None:
        rows = [
            [self.day, self.chain, name, self.flow, self.counter, t.requests, t.calls,
             t.received_bytes, t.failures, now]
            for name, t in counts.items()
        ]  # fmt: skip
        self.client.insert("rpc_usage", rows, database="meta", column_names=_COLUMNS)


@asynccontextmanager
async def metered(
    client: Client,
    flow: str,
    sources: Mapping[str, Traffic],
    *,
    chain: str = "",
    knows_others: bool = False,
    clock: Clock = utc_now,
) -> AsyncIterator[Meter]:
    """Count while the context lasts: written every so often and at the end, however it ends.

    `sources` are the counts by name, never an address. A process that is killed loses the last
    seconds. `knows_others` keeps up with what others ask of the chain, for whoever holds a quota.
    """
    meter = Meter(client, flow, sources, chain, clock)
    if knows_others:
        await asyncio.to_thread(meter.read_others)
    ticking = asyncio.create_task(_tick(meter, knows_others=knows_others))
    try:
        yield meter
    finally:
        ticking.cancel()
        # Right here, not in a thread: nothing else runs any more, and a Ctrl-C may be under way.
        meter.write()


async def _tick(meter: Meter, *, knows_others: bool) -> None:
    while True:
        await asyncio.sleep(WRITTEN_EVERY_SECONDS)
        await asyncio.to_thread(meter.write)
        if knows_others:
            try:
                await asyncio.to_thread(meter.read_others)
            except (ClickHouseError, WarehouseError) as error:
                get_logger().warning("rpc_usage_not_read", because=first_words(error))


@dataclass(frozen=True)
class Used:
    """What was asked of one provider of a chain on one day, by all flows; chain "" for prices."""

    chain: str
    provider: str
    traffic: Traffic


def used_on(client: Client, day: date) -> list[Used]:
    """The use of a UTC day by chain and provider."""
    rows = client.query(_DAY_SQL, parameters={"day": day}).result_rows
    return [Used(chain, provider, Traffic(*map(int, counts))) for chain, provider, *counts in rows]
