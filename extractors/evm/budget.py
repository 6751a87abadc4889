"""How much of a chain's daily requests a flow may use, and how fast: slower first, then not at all.

`daily_requests` is the chain's, over all its endpoints and flows. Backfills and verification stop
at their share of it, however much of that others used, so that the rest is for live ingest.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import floor
from typing import Literal

from oracul.errors import BudgetSpent
from oracul.log import get_logger
from oracul.settings import ChainSettings
from oracul.times import day_start
from oracul.units import seconds_text
from oracul.variables import variable_name

Flow = Literal["ingest_chain", "ingest_tokens", "verify", "backfill"]
BACKFILL: Flow = "backfill"
# Those that can wait for the next day, and what they are called.
_SHARED: dict[Flow, str] = {BACKFILL: "backfills", "verify": "verification"}
# From this part of its allowance on, a backfill spreads what is left over the rest of the day.
PACED_FROM = 0.8
LONGEST_PAUSE_SECONDS = 60.0
_WAIT_FOR_OTHERS_SECONDS = 0.5


@dataclass(frozen=True)
class Allowance:
    """Requests to the chain in a UTC day at which a flow stops."""

    chain: str
    flow: Flow
    daily_requests: int
    share: float

    @property
    def limit(self) -> int:
        """The flow stops once the whole chain used this many."""
        return floor(self.daily_requests * self.share)

    @property
    def is_paced(self) -> bool:
        """Whether it slows down before it stops: live ingest does not."""
        return self.flow == BACKFILL


def allowance(chain: str, settings: ChainSettings, flow: Flow) -> Allowance | None:
    """What the flow may use by these settings; None = as much as it likes."""
    if settings.daily_requests is None:
        return None
    share = settings.backfill_share if flow in _SHARED else 1.0
    return Allowance(chain, flow, settings.daily_requests, share)


def seconds_left(now: datetime) -> float:
    """Until the UTC day ends and counting begins anew."""
    return (day_start(now.date()) + timedelta(days=1) - now).total_seconds()


def pause_seconds(allowed: Allowance, used: int, cost: int, now: datetime) -> float | None:
    """How long to pause after the next `cost` requests when `used` went out; None: no more today.

    0 at first. What a paced flow has left from PACED_FROM on is spread over the rest of the day,
    with LONGEST_PAUSE_SECONDS at most.
    """
    left = allowed.limit - used
    if left < cost:
        return None
    if not allowed.is_paced or used < allowed.limit * PACED_FROM:
        return 0.0
    return min(cost * seconds_left(now) / left, LONGEST_PAUSE_SECONDS)


def spent(allowed: Allowance, used: int, now: datetime) -> BudgetSpent:
    """The error that says so, and what to do."""
    name = _SHARED.get(allowed.flow)
    share = f", of which {name} may use {allowed.share:.0%}" if name and allowed.share < 1 else ""
    settings = [variable_name(("chains", allowed.chain, "daily_requests"))]
    if name:
        settings.append(variable_name(("chains", allowed.chain, "backfill_share")))
    return BudgetSpent(
        f"{allowed.chain}: the request budget of today is spent, {used:,} of "
        f"{allowed.daily_requests:,} requests{share}.",
        hint=f"It goes on after 00:00 UTC, in {seconds_text(seconds_left(now))}: run the same "
        f"command again then, or raise {' or '.join(settings)}.",
    )


class Budget:
    """A flow's allowance while it pulls.

    `used` says how many requests went to the chain today. What was taken and is under way counts as
    used until it is given back, so that the limit is not overrun by what has not been sent yet.
    """

    def __init__(
        self, allowed: Allowance, used: Callable[[], int], clock: Callable[[], datetime]
    ) -> None:
        self.allowed, self.used, self.clock = allowed, used, clock
        self.under_way = 0
        self._next = 0.0
        self._is_told = False

    def is_spent(self, cost: int = 1) -> bool:
        """Whether `cost` more requests may not be asked today."""
        return self.used() + cost > self.allowed.limit

    def check(self, cost: int = 1) -> None:
        """Raise BudgetSpent when `cost` more requests may not be asked today."""
        if self.is_spent(cost):
            raise spent(self.allowed, self.used(), self.clock())

    def delay_seconds(self, cost: int) -> float:
        """How long to wait before `cost` requests may be taken; 0 = now. Raises BudgetSpent."""
        used, now = self.used(), self.clock()
        if pause_seconds(self.allowed, used + self.under_way, cost, now) is not None:
            return max(0.0, self._next - time.monotonic())
        if self.under_way:  # it may need less than it took
            return _WAIT_FOR_OTHERS_SECONDS
        raise spent(self.allowed, used, now)

    def take(self, cost: int) -> None:
        """These requests will be sent."""
        now = self.clock()
        used = self.used() + self.under_way
        pause = pause_seconds(self.allowed, used, cost, now) or 0.0
        if pause and not self._is_told:
            self._is_told = True
            get_logger().warning(
                "requests_paced", chain=self.allowed.chain, used=used, limit=self.allowed.limit,
                pause_seconds=round(pause, 1), day_ends_in_seconds=round(seconds_left(now)),
            )  # fmt: skip
        self.under_way += cost
        self._next = time.monotonic() + pause

    def give_back(self, cost: int) -> None:
        """Requests that were taken are over; those that went out are in `used` by now."""
        self.under_way -= cost
