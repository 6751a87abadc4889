"""uvicorn's HTTP protocol with limits that it lacks: a head's time and size, silent connections."""

import asyncio
from typing import Any, ClassVar, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS = 30.0
HEAD_BYTES = 512 << 10
MAX_HEADERS = 200
# Connections that say nothing, or have not yet said all of a head; beyond it the oldest one goes.
MAX_SILENT = 256


class GuardedProtocol(HttpToolsProtocol):
    """Drops a connection that opens and stays silent, or whose headers trickle or never end.

    Many silent ones push each other out, so that they never take the place of one that asks.
    """

    _silent: ClassVar["dict[GuardedProtocol, None]"] = {}
    _timer: asyncio.TimerHandle | None = None
    _head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        self._silent.pop(self, None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count the bytes of a head."""
        if self._timer is not None:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES:
                self.transport.close()
                return
        super().data_received(data)

    def on_message_begin(self) -> None:
        """Begin to wait for the rest of a head. Who asks again before the answer gets only that."""
        # An answer that began may have reached its client whole before it is complete here.
        if self.cycle is not None and not self.cycle.response_started:
            self.cycle.keep_alive = False
        self._wait_for_head()
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one more header; what is raised here is answered with 400."""
        if len(self.headers) >= MAX_HEADERS:
            raise ValueError("too many headers")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is there: the application watches the rest."""
        self._stop_waiting()
        self._silent.pop(self, None)
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """The answer is out: the connection is silent until the next request."""
        super().on_response_complete()
        if not self.transport.is_closing():
            self._be_silent()

    def _be_silent(self) -> None:
        # One that waits for an answer is not silent, even if it began to ask the next thing.
        if self.cycle is not None and not self.cycle.response_complete:
            return
        self._silent.setdefault(self)
        if len(self._silent) > MAX_SILENT:
            # The oldest that never asked anything; else the oldest one.
            never_asked = (one for one in self._silent if one.cycle is None)
            oldest = next(never_asked, None) or next(iter(self._silent))
            del self._silent[oldest]
            oldest.transport.close()

    def _wait_for_head(self) -> None:
        self._be_silent()
        if self._timer is None:
            self._head_bytes = 0
            transport = cast("Any", self.transport)
            self._timer = self.loop.call_later(HEAD_SECONDS, transport.close)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
