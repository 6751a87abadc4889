"""ClickHouse's HTTP interface as an ASGI application: sign in, read the body, run, answer."""

import asyncio
import contextlib
import functools
import io
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import IO, TypeVar
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from oracul.log import get_logger
from oracul.warehouse.embedded import faults
from oracul.warehouse.embedded.answer import Aborted, Answer
from oracul.warehouse.embedded.body import Disconnected, Limits, receive_body
from oracul.warehouse.embedded.codecs import check_encoding, unpacked
from oracul.warehouse.embedded.faults import Fault
from oracul.warehouse.embedded.form import read_form
from oracul.warehouse.embedded.request import read_ask, read_credentials
from oracul.warehouse.embedded.run import Caller, External, Room, Run
from oracul.warehouse.embedded.users import Users

# Guessing waits; whoever knows the password does not.
WRONG_PASSWORD_SECONDS = 0.25

T = TypeVar("T")
log = get_logger()


@dataclass(slots=True)
class Service:
    """What the application needs: who may come in, the engine's room, limits, threads, places."""

    users: Users
    room: Room
    limits: Limits
    threads: ThreadPoolExecutor
    places: asyncio.Semaphore
    reader_places: asyncio.Semaphore
    wait_seconds: float = 30

    async def in_thread(self, run: Run, work: Callable[..., T], *args: object) -> T:
        """Do blocking work of a run in a worker thread.

        When the server stops meanwhile, the statement is stopped too, and its thread waited for.
        """
        loop = asyncio.get_running_loop()
        future = loop.run_in_executor(self.threads, work, *args)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            run.cancel(even_if_it_writes=True)
            # A stopping loop cancels more than once, and the engine's handle is in use until then.
            while not future.done():
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait([future])
            future.exception()  # seen: the thread's own error is that it was stopped
            raise Fault(faults.QUERY_WAS_CANCELLED, "The server is stopping") from None

    @asynccontextmanager
    async def place(self, is_reader: bool) -> AsyncIterator[None]:
        """One of the places for requests at once; a short queue, then a refusal."""
        async with contextlib.AsyncExitStack() as held:
            try:
                async with asyncio.timeout(self.wait_seconds):
                    if is_reader:
                        await held.enter_async_context(self.reader_places)
                    await held.enter_async_context(self.places)
            except TimeoutError:
                raise Fault(faults.TOO_MANY_QUERIES, "Too many simultaneous queries") from None
            yield


class Queries:
    """The endpoint that runs statements."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        answer = Answer(send, self._service.limits)
        try:
            if request.method not in ("GET", "POST"):
                raise Fault(faults.NOT_IMPLEMENTED, "Only GET and POST are known here")
            _refuse_web_pages(request)
            is_reader = self._service.users.sign_in(
                read_credentials(request.headers, dict(request.query_params))
            )
            async with self._service.place(is_reader):
                await self._serve(request, answer, is_reader)
        except Fault as fault:
            if fault.code == faults.AUTHENTICATION_FAILED[0]:
                await asyncio.sleep(WRONG_PASSWORD_SECONDS)
            await answer.fail(fault)
        except (Aborted, Disconnected):
            # Returning without the last byte makes the server close the connection.
            return
        except Exception:
            log.exception("statement_crashed")
            await answer.fail(Fault(faults.UNKNOWN_EXCEPTION, "Internal error; see the log"))

    async def _serve(self, request: Request, answer: Answer, is_reader: bool) -> None:
        service = self._service
        pairs = list(request.query_params.multi_items())
        stack = contextlib.ExitStack()
        with stack:
            external: list[External] = []
            body: IO[bytes]
            encoding = check_encoding(request.headers.get("content-encoding"))
            if request.headers.get("content-type", "").startswith("multipart/form-data"):
                pairs, external = await read_form(request, service.limits, stack)
                encoding, body = None, io.BytesIO()
            else:
                body = await receive_body(
                    request.receive, request.headers.get("content-length"), service.limits
                )
            stack.enter_context(body)
            ask = read_ask(pairs, request.headers)
            name = "reader" if is_reader else "admin"
            caller = Caller(name, is_reader, request.method == "GET" or ask.readonly)
            run = Run(service.room, ask, caller)
            answer.begin(run, request.headers.get("accept-encoding") if ask.may_compress else None)
            pieces = unpacked(body, encoding, service.limits.body_bytes)
            async with _cancelled_when_gone(request.receive, run):
                in_thread = functools.partial(service.in_thread, run)
                failed = True
                try:
                    await in_thread(run.start, pieces, external)
                    await answer.send_result(in_thread, wait=ask.wait_end_of_query)
                    failed = False
                finally:
                    await in_thread(run.close, failed)


def _refuse_web_pages(request: Request) -> None:
    """A page from elsewhere must not use the password that a browser remembers for this address."""
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise Fault(faults.ACCESS_DENIED, "Requests of web pages from elsewhere are refused")


@asynccontextmanager
async def _cancelled_when_gone(receive: Receive, run: Run) -> AsyncIterator[None]:
    """While inside, a client that hangs up stops its own query, if that only reads."""

    async def watch() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        # The query may not have begun yet, so ask more than once.
        while True:
            await asyncio.to_thread(run.cancel)
            await asyncio.sleep(0.3)

    task = asyncio.create_task(watch())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, Fault):
            await task


def build_app(service: Service) -> Starlette:
    """The application: `/` runs statements, `/ping` and `/replicas_status` say that it lives."""

    async def ping(_: Request) -> PlainTextResponse:
        return PlainTextResponse("Ok.\n")

    async def expire() -> None:
        while True:
            await asyncio.sleep(5)
            await asyncio.to_thread(service.room.sessions.expire)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(expire())
        yield
        task.cancel()

    routes = [
        Route("/ping", ping, methods=["GET"]),
        Route("/replicas_status", ping, methods=["GET"]),
        Route("/", Queries(service)),
    ]
    return Starlette(routes=routes, lifespan=lifespan)
