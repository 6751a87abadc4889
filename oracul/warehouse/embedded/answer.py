"""Sending one answer: whole when it is small or asked for, else piece by piece as it is made."""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.types import Send

from oracul.log import get_logger
from oracul.warehouse.embedded.body import Disconnected, Limits
from oracul.warehouse.embedded.codecs import Compressor, choose_encoding, compressor
from oracul.warehouse.embedded.faults import Fault
from oracul.warehouse.embedded.reply import (
    Headers,
    headers_of,
    headers_of_fault,
    late_fault,
    new_tag,
)
from oracul.warehouse.embedded.run import Run

# A result up to this size is sent whole, with its final summary and an honest status.
_WHOLE_BYTES = 1 << 20

# What goes out at once: the engine's blocks may be large, and other requests share this loop.
_SLICE_BYTES = 256 << 10

_LAST_WORD_SECONDS = 1.0

InThread = Callable[..., Awaitable[Any]]


class Aborted(Exception):
    """The answer broke off on purpose: the connection must not look complete."""


class Answer:
    """The one answer of one request."""

    def __init__(self, send: Send, limits: Limits) -> None:
        self._send = send
        self._limits = limits
        self._run: Run | None = None
        self._encoding: str | None = None
        self._started = time.perf_counter()
        self._tag: str | None = None
        self._packer: Compressor | None = None

    def begin(self, run: Run, accept: str | None) -> None:
        """This run is what will be answered; `accept` is what the client can unpack."""
        self._run = run
        self._encoding = choose_encoding(accept)
        self._packer = compressor(self._encoding) if self._encoding else None

    async def send_result(self, in_thread: InThread, *, wait: bool) -> None:
        """Send what the run yields. `wait`: only when all of it is there (kept in a file).

        Raises Fault while nothing is sent yet; later failures are written into the result.
        """
        with tempfile.SpooledTemporaryFile(
            max_size=4 * _WHOLE_BYTES, dir=str(self._limits.scratch)
        ) as whole:
            size, ended = 0, False
            while not ended and (wait or size < _WHOLE_BYTES):
                piece = await in_thread(self._next)
                ended = piece is None
                if piece and len(piece) < _WHOLE_BYTES:
                    whole.write(piece)
                elif piece:
                    await in_thread(whole.write, piece)
                size += len(piece or b"")
            whole.seek(0)
            if ended:
                await self._release(in_thread)
            await self._head(tagged=not ended, length=size if ended else None)
            while size > 0:
                # What is small is in memory, and not worth the way to another thread.
                if size < _WHOLE_BYTES:
                    await self._pieces(whole.read())
                else:
                    await self._pieces(await in_thread(whole.read, _WHOLE_BYTES))
                size -= _WHOLE_BYTES
        if ended:
            await self._emit({"type": "http.response.body", "body": b""})
        else:
            await self._send_rest(in_thread)

    async def fail(self, fault: Fault) -> None:
        """Send an error as the whole answer."""
        # The text may quote data, so it goes to the client and not into the log.
        get_logger().info("statement_failed", code=fault.code, name=fault.name)
        if self._tag is not None:
            return
        query_id = self._run.query_id if self._run else None
        body = fault.text().encode()
        headers = headers_of_fault(fault, query_id)
        headers.append((b"content-length", str(len(body)).encode()))
        await self._emit(
            {"type": "http.response.start", "status": fault.status, "headers": headers}
        )
        await self._emit({"type": "http.response.body", "body": body})

    def _next(self) -> bytes | None:
        """The next packed bytes, perhaps none yet; None at the end. Blocking."""
        piece = next(self._begun().pieces, None)
        if piece is None:
            if self._packer is None:
                return None
            packer, self._packer = self._packer, None
            return packer.flush()
        return self._packer.compress(piece) if self._packer else piece

    def _begun(self) -> Run:
        if self._run is None:
            raise RuntimeError("an answer needs `begin` first")
        return self._run

    async def _send_rest(self, in_thread: InThread) -> None:
        try:
            while (piece := await in_thread(self._next)) is not None:
                await self._pieces(piece)
        except Fault as fault:
            note = late_fault(fault, self._tag or "")
            if self._packer is not None:
                note = self._packer.compress(note) + self._packer.flush()
            await self._pieces(note)
            await in_thread(self._begun().close, True)
            # Some clients forget what they have not yet read as soon as the connection breaks.
            await asyncio.sleep(_LAST_WORD_SECONDS)
            raise Aborted(fault.text()) from None
        await self._release(in_thread)
        await self._emit({"type": "http.response.body", "body": b""})

    async def _release(self, in_thread: InThread) -> None:
        """Give the handle back before the last byte: the client's next request may be faster."""
        if self._run is not None:
            await in_thread(self._run.close, False)

    async def _head(self, *, tagged: bool, length: int | None = None) -> None:
        headers: Headers = headers_of(self._begun(), self._started, self._encoding)
        self._tag = new_tag()
        if tagged:
            headers.append((b"x-clickhouse-exception-tag", self._tag.encode()))
        if length is not None:
            headers.append((b"content-length", str(length).encode()))
        await self._emit({"type": "http.response.start", "status": 200, "headers": headers})

    async def _pieces(self, data: bytes) -> None:
        for at in range(0, len(data), _SLICE_BYTES):
            part = data[at : at + _SLICE_BYTES]
            await self._emit({"type": "http.response.body", "body": part, "more_body": True})

    async def _emit(self, message: dict[str, Any]) -> None:
        """Send, but do not wait for ever for a client that stopped reading."""
        try:
            await asyncio.wait_for(self._send(message), self._limits.silence_seconds)
        except TimeoutError:
            raise Disconnected from None
