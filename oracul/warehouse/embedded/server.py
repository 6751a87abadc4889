"""Running the server in this process: open the data directory, listen, serve, stop cleanly."""

import asyncio
import fcntl
import os
import shutil
import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import uvicorn

from oracul.errors import WarehouseError
from oracul.log import get_logger
from oracul.settings import Settings
from oracul.warehouse.embedded import config
from oracul.warehouse.embedded.app import Service, build_app
from oracul.warehouse.embedded.body import Limits
from oracul.warehouse.embedded.engine import Engine
from oracul.warehouse.embedded.faults import Fault
from oracul.warehouse.embedded.files import Places, places_of, write_private
from oracul.warehouse.embedded.protocol import GuardedProtocol
from oracul.warehouse.embedded.run import Room
from oracul.warehouse.embedded.serving import ServerInfo, info_text
from oracul.warehouse.embedded.sessions import Sessions, monotonic
from oracul.warehouse.embedded.users import load_users

HOST = "127.0.0.1"
# A client that neither sends nor takes a byte for this long is dropped.
SILENCE_SECONDS = 300
_STOP_SECONDS = 20
_CLOSING_SECONDS = 10
_MB = 1_000_000


def serve(settings: Settings) -> None:
    """Serve the warehouse of this home in the foreground until SIGTERM or SIGINT.

    Raises WarehouseError when the data directory or the port is taken, or the engine fails.
    """
    places = places_of(settings)
    places.make()
    users = load_users(settings, places.passwords)
    with _own_data(places), _listener(settings.warehouse.port) as listener:
        _empty(places.scratch)
        _write_config(settings, places)
        engine = _open_engine(places)
        try:
            sessions = Sessions(engine.open, monotonic)
            limits = Limits(settings.warehouse.max_body_mb * _MB, SILENCE_SECONDS, places.scratch)
            room = Room(engine, sessions, _reader_limits(settings), places.scratch)
            count = settings.warehouse.max_connections
            threads = ThreadPoolExecutor(count, thread_name_prefix="statement")
            # Readers leave room for the pipeline.
            places_for_readers = asyncio.Semaphore(max(1, count // 2))
            service = Service(
                users, room, limits, threads, asyncio.Semaphore(count), places_for_readers
            )
            with threads, _quiet_signals():
                _run(service, listener, places, engine.version(), 4 * count + 64)
                # What did not end within the time for stopping is not waited for.
                engine.kill_all()
            sessions.close()
        finally:
            engine.close()


def _run(
    service: Service, listener: socket.socket, places: Places, version: str, max_sockets: int
) -> None:
    """Hand the socket to uvicorn; the server is announced in `server.json` while it runs."""
    host, port = listener.getsockname()[:2]
    server = uvicorn.Server(
        uvicorn.Config(
            build_app(service),
            http=GuardedProtocol,
            loop="uvloop" if os.name == "posix" else "asyncio",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=_STOP_SECONDS,
            limit_concurrency=max_sockets,
        )
    )
    info = ServerInfo(os.getpid(), host, port, time.time(), version)
    write_private(places.server, info_text(info))
    get_logger().info("warehouse_started", host=host, port=port, version=version)
    try:
        server.run(sockets=[listener])
    finally:
        places.server.unlink(missing_ok=True)
        get_logger().info("warehouse_stopped", port=port)


@contextmanager
def _quiet_signals() -> Iterator[None]:
    """uvicorn raises the signal that stopped it once more; here that must not end the process."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {one: signal.signal(one, _ignore) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _ignore(_signal: int, _frame: object) -> None:
    """The server has stopped already."""


@contextmanager
def _own_data(places: Places) -> Iterator[None]:
    """Hold the lock of the data directory; the file names the process that holds it."""
    with places.data_lock.open("a+") as lock:
        if not _lock(lock, places):
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            raise WarehouseError(
                f"The data directory {places.engine.data} is in use by pid {holder}.",
                hint="Stop it (oracul warehouse stop) or choose another ORACUL_HOME.",
            )
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def _lock(file: IO[str], places: Places) -> bool:
    """Take the lock; a server that is just closing (its note is gone) is waited for."""
    deadline = time.monotonic() + _CLOSING_SECONDS
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if places.server.exists() or time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        else:
            return True


@contextmanager
def _listener(port: int) -> Iterator[socket.socket]:
    """A listening socket on the loopback interface. Raises WarehouseError for a taken port."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        raise WarehouseError(
            f"The warehouse cannot listen on {HOST}:{port}: {error.strerror}.",
            hint="Set ORACUL_WAREHOUSE__PORT to another port, or to 0 for any free one.",
        ) from None
    with listener:
        yield listener


def _open_engine(places: Places) -> Engine:
    try:
        return Engine(places.engine)
    except Fault as fault:
        raise WarehouseError(
            f"The engine cannot open {places.engine.data}: {fault.message[:500]}",
            hint="Restore a backup, or choose another ORACUL_HOME to start afresh.",
        ) from None


def _write_config(settings: Settings, places: Places) -> None:
    memory = settings.warehouse.max_memory_mb * _MB
    profile: dict[str, int | str] = {
        "max_memory_usage": memory,
        "max_bytes_before_external_group_by": memory // 2,
        "max_bytes_before_external_sort": memory // 2,
        "max_execution_time": settings.warehouse.max_execution_seconds,
    }
    write_private(places.engine.users, config.users_xml(profile))
    write_private(places.engine.config, config.server_xml(places.engine, 2 * memory))


def _reader_limits(settings: Settings) -> dict[str, str]:
    """Settings that bind each query of the reader, whatever it asks for."""
    limits = settings.warehouse
    return {
        "max_execution_time": str(limits.reader_max_execution_seconds),
        "max_memory_usage": str(limits.reader_max_memory_mb * _MB),
        "max_result_rows": str(limits.reader_max_rows),
        "max_result_bytes": str(limits.reader_max_memory_mb * _MB),
        "result_overflow_mode": "throw",
        "timeout_overflow_mode": "throw",
        "max_threads": "4",
    }


def _empty(directory: Path) -> None:
    """Remove what a killed server left behind."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(mode=0o700, exist_ok=True)
