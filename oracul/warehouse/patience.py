"""Waiting for a warehouse that went away, so that a long run goes on when it is back.

A request that never reached the server is sent again, which is safe for any statement. One that
broke off in the middle may have been carried out: it is sent again, a few times, when it reads or
inserts rows (our tables take the same rows twice; of answers that were refused, a list that only
grows, distinct ones are counted).
"""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from urllib3 import PoolManager
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    MaxRetryError,
    NewConnectionError,
    ProtocolError,
)

from oracul import stopping
from oracul.errors import WarehouseError
from oracul.log import get_logger

# What stands before a server answers with these while the server behind it is away or full. Not
# 502 and 504: then the statement may have got through, and run.
_AWAY_STATUS = (429, 503)
_REPEATABLE = ("select", "with", "exists", "describe", "show", "insert")
# More often than that, it is the statement that the server does not survive.
_MOST_BREAKS = 3
_REPLACE = "replace_running_query=1"
_RAN_HEADER = "X-ClickHouse-Exception-Code"
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 2.0


def _say_nothing(_seconds: float | None) -> None:
    """For nobody."""


@dataclass(frozen=True)
class Patience:
    """How long to wait, in seconds, and whom to tell how long it was so far (None: it is back)."""

    seconds: float
    tell: Callable[[float | None], None] = field(default=_say_nothing)


class PatientPool:
    """The driver's connection pool, which waits while nobody answers at the address.

    `find` gives the address that the warehouse has now (`http://host:port`), and may start it;
    it raises WarehouseError while it cannot. After the patience has run out once, requests fail at
    once until one is answered again.
    """

    def __init__(
        self, pool: PoolManager, address: str, find: Callable[[], str], patience: Patience
    ) -> None:
        self._pool, self._find, self._patience = pool, find, patience
        self._first_address = self._address = address
        self._is_hopeless = False
        # One looks for the warehouse; the other threads of the run find what it found.
        self._looking = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool, name)

    def request(self, method: str, url: str, **options: Any) -> Any:
        """As `PoolManager.request`. Raises its errors once the patience is over."""
        body = options.get("body")
        if is_rows := isinstance(body, Iterator):
            # Made while they are sent, and needed once more when that breaks off.
            options["body"] = b"".join(body)
        may_repeat = is_rows or _is_repeatable(url, body)
        breaks = 0
        waiting = _Waiting(0 if self._is_hopeless else self._patience.seconds)
        while True:
            try:
                here = url.replace(self._first_address, self._address, 1)
                reply = self._pool.request(method, here, **options)
                if not _is_refusal(reply) or not waiting.may_go_on:
                    self._note_answer(waiting)
                    return reply
                reply.close()
            except HTTPError as error:
                if not never_reached(error):
                    breaks += 1
                    if not (may_repeat and _broke_off(error) and breaks <= _MOST_BREAKS):
                        raise
                    url = _replacing(url)
                if not waiting.may_go_on:
                    self._is_hopeless = True
                    raise
            waiting.pause(self._patience.tell)
            self._look(waiting)

    def _look(self, waiting: "_Waiting") -> None:
        with self._looking:
            try:
                self._address = self._find()
            except WarehouseError:
                if not waiting.may_go_on:
                    self._is_hopeless = True
                    raise

    def _note_answer(self, waiting: "_Waiting") -> None:
        self._is_hopeless = False
        if waiting.pauses:
            get_logger().warning("warehouse_back", waited_seconds=round(waiting.seconds, 1))
            self._patience.tell(None)


class _Waiting:
    """One request's wait: growing pauses until the patience is over or the process shall stop."""

    def __init__(self, patience_seconds: float) -> None:
        self.pauses = 0
        self._began = time.monotonic()
        self._patience_seconds = patience_seconds

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    @property
    def may_go_on(self) -> bool:
        return self.seconds < self._patience_seconds and not stopping.asked.is_set()

    def pause(self, tell: Callable[[float | None], None]) -> None:
        if not self.pauses:
            get_logger().warning("warehouse_away", patience_seconds=self._patience_seconds)
        tell(self.seconds)
        stopping.asked.wait(min(_FIRST_PAUSE_SECONDS * 2**self.pauses, _LONGEST_PAUSE_SECONDS))
        self.pauses += 1


def never_reached(error: BaseException) -> bool:
    """Whether the request did not get to any server: nothing can have been done."""
    reason = error.reason if isinstance(error, MaxRetryError) else error
    return isinstance(reason, (NewConnectionError, ConnectTimeoutError))


def _replacing(url: str) -> str:
    """So that a first try which still runs under the same query id makes way for the second."""
    return url if _REPLACE in url else f"{url}&{_REPLACE}"


def _broke_off(error: BaseException) -> bool:
    """Whether the server closed the connection before it had answered."""
    reason = error.reason if isinstance(error, MaxRetryError) else error
    return isinstance(reason, ProtocolError)


def _is_repeatable(url: str, body: Any) -> bool:
    """Whether the statement does the same when it is carried out twice."""
    in_url = parse_qs(urlsplit(url).query).get("query")
    statement = in_url[0] if in_url else body or ""
    text = statement if isinstance(statement, str) else bytes(statement).decode("utf-8", "replace")
    return text.lstrip().lower().startswith(_REPEATABLE)


def _is_refusal(reply: Any) -> bool:
    """A reply that says `not now`, before anything was done."""
    return reply.status in _AWAY_STATUS and _RAN_HEADER not in reply.headers
