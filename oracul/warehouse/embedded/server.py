"""Running the server in this process: open the data directory, listen, serve, stop cleanly."""

import asyncio
import os
import resource
import shutil
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import uvicorn

from oracul.errors import WarehouseError
from oracul.log import get_logger
from oracul.settings import Settings
from oracul.warehouse.embedded import config
from oracul.warehouse.embedded.app import Service, build_app
from oracul.warehouse.embedded.body import Limits
from oracul.warehouse.embedded.claims import listening, own_data
from oracul.warehouse.embedded.confine import OWN, READ, RENAME, Confinement, confine
from oracul.warehouse.embedded.engine import Engine
from oracul.warehouse.embedded.faults import Fault
from oracul.warehouse.embedded.files import (
    Places,
    PrivateDraft,
    places_of,
    write_private,
)
from oracul.warehouse.embedded.protocol import MAX_SILENT, GuardedProtocol
from oracul.warehouse.embedded.run import Room
from oracul.warehouse.embedded.serving import ServerInfo, info_text
from oracul.warehouse.embedded.sessions import Sessions, monotonic
from oracul.warehouse.embedded.users import load_users

# A client that neither sends nor takes a byte for this long is dropped.
SILENCE_SECONDS = 300
_STOP_SECONDS = 20
_OPEN_FILES = 65_536
_MB = 1_000_000


def serve(settings: Settings) -> None:
    """Serve the warehouse of this home in the foreground until SIGTERM or SIGINT.

    The process is confined for good (`confine`). Raises WarehouseError when the data directory or
    the port is taken, or the engine fails.
    """
    places = places_of(settings)
    places.make()
    _allow_many_files()
    users = load_users(settings, places.passwords)
    with ExitStack() as mine:
        mine.enter_context(own_data(places))
        listener = mine.enter_context(listening(settings.warehouse.port))
        _empty(places.scratch)
        _write_config(settings, places)
        # Once confined, this process opens no file beside the passwords any more.
        note = mine.enter_context(PrivateDraft(places.server))
        confinement = _confine(places)
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
            server = _server(service, 4 * count + MAX_SILENT)
            announced = _announced(note, places, listener, engine, confinement)
            with threads, _stopped_by_signals(server), announced:
                server.run(sockets=[listener])
                # What did not end within the time for stopping is not waited for.
                engine.kill_all()
            sessions.close()
        finally:
            engine.close()


def _allow_many_files() -> None:
    """Raise the limit of open files where one may: 1,024 are few for parts and sockets."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if most == resource.RLIM_INFINITY else min(most, _OPEN_FILES)
    if now != resource.RLIM_INFINITY and now < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def _confine(places: Places) -> Confinement:
    """Close this process to all but what it needs; say so, and louder when the kernel cannot."""
    # The engine keeps a directory for itself where the C library says temporary files go.
    os.environ["TMPDIR"] = tempfile.tempdir = str(places.scratch)
    engine = places.engine
    own = (engine.data, engine.user_files, engine.backups, places.scratch)
    # In the directory of the passwords, files may get names and lose them, and that is all.
    rights = dict.fromkeys(own, OWN) | {engine.config.parent: READ, places.root: RENAME}
    confinement = confine(rights)
    log = get_logger()
    (log.info if confinement.network else log.warning)("engine_confined", to=confinement.story())
    return confinement


@contextmanager
def _announced(
    note: PrivateDraft,
    places: Places,
    listener: socket.socket,
    engine: Engine,
    confinement: Confinement,
) -> Iterator[None]:
    """While inside, `server.json` names this server."""
    host, port = listener.getsockname()[:2]
    version = engine.version()
    info = ServerInfo(os.getpid(), host, port, time.time(), version, confinement.story())
    note.publish(info_text(info))
    get_logger().info("warehouse_started", host=host, port=port, version=version)
    try:
        yield
    finally:
        # The whole home may have been removed meanwhile.
        with suppress(OSError):
            places.server.unlink()
        get_logger().info("warehouse_stopped", port=port)


def _server(service: Service, max_sockets: int) -> uvicorn.Server:
    """What answers, until a signal."""
    return uvicorn.Server(
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


@contextmanager
def _stopped_by_signals(server: uvicorn.Server) -> Iterator[None]:
    """Stop also at a signal that comes before uvicorn listens to them. It raises the one that
    stopped it once more, which here must not end the process.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_signal: int, _frame: object) -> None:
        server.should_exit = True

    before = {one: signal.signal(one, stop) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


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
        # Half of the machine for one question: several people ask at once.
        "max_threads": str(min(4, max(1, (os.cpu_count() or 1) // 2))),
        # Tables by day are many small files; handing each to another thread costs more than it.
        "local_filesystem_read_method": "pread",
        # A block of wide values is copied in one go, and everybody else waits for it.
        "max_block_size": "8192",
    }


def _empty(directory: Path) -> None:
    """Remove what a killed server left behind."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(mode=0o700, exist_ok=True)
