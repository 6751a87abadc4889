"""How to reach one price source: address, key, deadline and the pause it wants between calls."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from oracul.errors import BadReply
from oracul.http import fetch_json
from oracul.traffic import Traffic


class UnknownAsset(BadReply):
    """The source answered that it does not list what it was asked for."""


class Pace:
    """Lets one call pass every `seconds`; callers wait for their turn in order."""

    def __init__(
        self,
        seconds: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._seconds = seconds
        self._clock = clock
        self._sleep = sleep
        self._lock = asyncio.Lock()
        self._next = 0.0

    async def turn(self) -> None:
        """Wait until the next call may start."""
        async with self._lock:
            wait = self._next - self._clock()
            if wait > 0:
                await self._sleep(wait)
            self._next = max(self._clock(), self._next) + self._seconds


@dataclass(frozen=True)
class Connection:
    """A source within reach. `name` stands for it in errors; the address is never shown."""

    client: httpx.AsyncClient
    name: str
    base_url: str = field(repr=False)
    deadline_seconds: float
    pace: Pace
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    traffic: Traffic = field(default_factory=Traffic)

    async def get(self, path: str, **params: str | int) -> Any:
        """JSON of `base_url` + `path`, in turn and with retries.

        Raises UnknownAsset for HTTP 404, else RateLimited, SourceUnavailable, BadReply as
        `oracul.http.fetch_json` does.
        """
        await self.pace.turn()
        try:
            return await fetch_json(
                self.client,
                self.base_url.rstrip("/") + path,
                params=params,
                headers=self.headers,
                deadline_seconds=self.deadline_seconds,
                source=self.name,
                traffic=self.traffic,
            )
        except BadReply as error:
            if error.message.startswith(f"{self.name} answered HTTP 404 "):
                raise UnknownAsset(error.message, hint=error.hint) from error
            raise
