"""A local JSON-RPC node that answers from a recording: for the demo, the tests and the benchmarks.

Not for: anything reachable from outside. It listens on 127.0.0.1 only.
"""

import asyncio
import multiprocessing
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

import httptools
import msgspec

from oracul.demo.recording import Recording
from oracul.demo.replay_state import Fault, HttpFault, ReplayState, RpcFailure, View

_START_SECONDS = 300.0


class _Call(msgspec.Struct):
    method: str
    id: msgspec.Raw = msgspec.Raw(b"null")
    params: list[Any] = []


_call_decoder = msgspec.json.Decoder(_Call)
_batch_decoder = msgspec.json.Decoder(list[_Call])


def answer_body(state: ReplayState, body: bytes, fault: Fault | None) -> "list[bytes] | HttpFault":
    """Pieces of the JSON-RPC reply to one HTTP body, single or batch."""
    state.counts["http"] += 1
    try:
        if body[:1] != b"[":
            return _answer(state, _call_decoder.decode(body), fault)
        pieces = [b"["]
        for call in _batch_decoder.decode(body):
            answer = _answer(state, call, fault)
            if isinstance(answer, HttpFault):
                return answer
            pieces += answer
            pieces.append(b",")
    except msgspec.DecodeError:
        return [b'{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"parse error"}}']
    pieces[-1] = b"]" if len(pieces) > 1 else b"[]"
    return pieces


def _answer(state: ReplayState, call: _Call, fault: Fault | None) -> "list[bytes] | HttpFault":
    head = b'{"jsonrpc":"2.0","id":%b,' % bytes(call.id)
    try:
        result = state.answer(call.method, call.params)
    except RpcFailure as failure:
        error: dict[str, Any] = {"code": failure.code, "message": failure.message}
        if failure.data is not None:
            error["data"] = failure.data
        return [head, b'"error":', msgspec.json.encode(error), b"}"]
    except (TypeError, ValueError):
        return [head, b'"error":{"code":-32602,"message":"invalid params"}}']
    if fault is not None:
        changed = fault(call.method, call.params, result)
        if isinstance(changed, HttpFault):
            return changed
        if changed is not None:
            result = changed
    return [head, b'"result":', result, b"}"]


class _Http(asyncio.Protocol):
    """One connection: HTTP/1.1 with keep-alive; `/control` sets the view and reads the counts."""

    def __init__(self, state: ReplayState, fault: Fault | None, latency_seconds: float) -> None:
        self.state, self.fault, self.latency = state, fault, latency_seconds
        self.parser = httptools.HttpRequestParser(self)
        self.body: list[bytes] = []
        self.path = b"/"
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]
        self.transport.set_write_buffer_limits(high=64 << 20)

    def data_received(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            self.transport.close()

    def on_message_begin(self) -> None:
        self.body = []

    def on_url(self, url: bytes) -> None:
        self.path = url

    def on_body(self, body: bytes) -> None:
        self.body.append(body)

    def on_message_complete(self) -> None:
        body = b"".join(self.body)
        if self.path == b"/control":
            self._send(200, {}, [self._control(body)])
        elif self.latency:
            asyncio.get_running_loop().call_later(self.latency, self._reply, body)
        else:
            self._reply(body)

    def _reply(self, body: bytes) -> None:
        answer = answer_body(self.state, body, self.fault)
        if not isinstance(answer, HttpFault):
            self._send(200, {}, answer)
            return
        cut = answer.cut_after
        self._send(answer.status, answer.headers, [answer.body], cut)

    def _control(self, body: bytes) -> bytes:
        if body:
            change = msgspec.json.decode(body, type=dict[str, Any])
            if change.pop("reset_counts", False):
                self.state.counts.clear()
            self.state.view = msgspec.structs.replace(self.state.view, **change)
        return msgspec.json.encode({"view": self.state.view, "counts": dict(self.state.counts)})

    def _send(
        self, status: int, headers: dict[str, str], pieces: list[bytes], cut: int | None = None
    ) -> None:
        if self.transport.is_closing():
            return
        size = sum(map(len, pieces))
        more = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = (
            f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n{more}"
            f"content-length: {size}\r\n\r\n"
        ).encode()
        if cut is not None:
            self.transport.write(head + b"".join(pieces)[:cut])
            self.transport.close()
            return
        self.transport.writelines([head, *pieces])


class ReplayServer:
    """A running replay at `url`: `set` changes what it serves, `counts` says what was asked."""

    def __init__(self, url: str) -> None:
        self.url = url

    def set(self, **view: Any) -> dict[str, Any]:
        """Change the view (fields of `View`: head, branch, safe, finalized, block_receipts, …;
        `reset_counts=True` zeroes the counts). Returns view and counts afterwards.
        """
        request = urllib.request.Request(  # noqa: S310 — our own local address
            f"{self.url}/control", data=msgspec.json.encode(view) if view else b"", method="POST"
        )
        with urllib.request.urlopen(request, timeout=30) as reply:  # noqa: S310
            state: dict[str, Any] = msgspec.json.decode(reply.read())
        return state

    def counts(self) -> dict[str, int]:
        """Calls answered by method, and HTTP requests under `http`."""
        counts: dict[str, int] = self.set()["counts"]
        return counts


@contextmanager
def serve_recording(
    recording: Recording | Callable[[], Recording],
    *,
    head: int | None = None,
    safe_depth: int | None = 32,
    finalized_depth: int | None = 64,
    fault: Fault | None = None,
    latency_seconds: float = 0.0,
    own_process: bool = True,
    **view: Any,
) -> Iterator[ReplayServer]:
    """Serve a recording on a free port of 127.0.0.1 while the context lasts.

    `recording` may be a function that loads it, called in the server's own process (spawned, so it
    and `fault` must be importable there: module-level functions or `functools.partial` of them).
    With `own_process=False` a thread serves, and `fault` may be anything. `head` None = the highest
    block of the main branch; `view` sets further fields of `View`. The depths place the tags below
    the first head; None = the node does not serve the tag.
    """
    setup = partial(_state, recording, head, safe_depth, finalized_depth, view)
    here, there = multiprocessing.get_context("spawn").Pipe()
    target = partial(_run, setup, fault, latency_seconds, there)
    runner: Any
    if own_process:
        runner = multiprocessing.get_context("spawn").Process(target=target, daemon=True)
    else:
        runner = threading.Thread(target=target, daemon=True)
    runner.start()
    try:
        if not here.poll(_START_SECONDS):
            raise TimeoutError("the replay server did not start")
        port = here.recv()
        if isinstance(port, str):
            raise RuntimeError(f"the replay server did not start: {port}")
        yield ReplayServer(f"http://127.0.0.1:{port}")
    finally:
        here.send("stop")
        runner.join(timeout=10)
        if own_process and runner.is_alive():
            runner.terminate()
        here.close()


def _state(
    recording: Recording | Callable[[], Recording],
    head: int | None,
    safe_depth: int | None,
    finalized_depth: int | None,
    view: dict[str, Any],
) -> ReplayState:
    loaded = recording() if callable(recording) else recording
    top = head if head is not None else max(b.number for b in loaded.blocks if b.branch == "main")
    tags = {
        "safe": None if safe_depth is None else max(top - safe_depth, 0),
        "finalized": None if finalized_depth is None else max(top - finalized_depth, 0),
    }
    fields = {"chain_id": loaded.chain_id, **tags, **view}
    return ReplayState(loaded, View(head=top, **fields))


def _run(
    setup: Callable[[], ReplayState], fault: Fault | None, latency: float, pipe: Connection
) -> None:
    try:
        state = setup()
    except Exception as error:  # noqa: BLE001 — handed to the parent, which raises it
        pipe.send(f"{type(error).__name__}: {error}")
        return
    try:
        import uvloop

        loop_factory: Any = uvloop.new_event_loop
    except ImportError:
        loop_factory = asyncio.new_event_loop
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(_serve(state, fault, latency, pipe))


async def _serve(state: ReplayState, fault: Fault | None, latency: float, pipe: Connection) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        partial(_Http, state, fault, latency), "127.0.0.1", 0, backlog=256
    )
    stop = asyncio.Event()
    # A word from the parent, or its end, stops the server: no orphan stays behind.
    loop.add_reader(pipe.fileno(), stop.set)
    pipe.send(server.sockets[0].getsockname()[1])
    await stop.wait()
    loop.remove_reader(pipe.fileno())
    server.close()
