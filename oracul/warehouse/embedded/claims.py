"""What a server holds for itself while it runs: the data directory and the port."""

import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from oracul.errors import WarehouseError
from oracul.warehouse.embedded.files import Places

HOST = "127.0.0.1"
_CLOSING_SECONDS = 10


@contextmanager
def own_data(places: Places) -> Iterator[None]:
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
def listening(port: int) -> Iterator[socket.socket]:
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
