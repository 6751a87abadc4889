"""One build at a time on a machine, one backup, one telling of people, one backfill of a chain, one
migration: locks on files, freed by the kernel when their holder ends, however it ends."""

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from oracul.folders import make_private
from oracul.log import get_logger


def _say(holder: str) -> None:
    get_logger().info("build_found_running", waiting_for_pid=holder)


def _say_backup(holder: str) -> None:
    get_logger().info("backup_found_running", waiting_for_pid=holder)


def _say_telling(holder: str) -> None:
    get_logger().info("telling_found_running", waiting_for_pid=holder)


def _say_migration(holder: str) -> None:
    get_logger().info("migration_found_running", waiting_for_pid=holder)


@contextmanager
def build_lock(home: Path, on_wait: Callable[[str], None] = _say) -> Iterator[None]:
    """Hold `<home>/dbt/build.lock`; while another process holds it, wait for as long as it takes.

    `on_wait` is called once, with the holder's pid as text, before the waiting begins.
    """
    with _held(home / "dbt" / "build.lock", on_wait):
        yield


@contextmanager
def dev_lock(home: Path, on_wait: Callable[[str], None] = _say) -> Iterator[None]:
    """Hold `<home>/dbt/dev.lock` in the same way: one build of the target `dev` at a time."""
    with _held(home / "dbt" / "dev.lock", on_wait):
        yield


@contextmanager
def backup_lock(home: Path, on_wait: Callable[[str], None] = _say_backup) -> Iterator[None]:
    """Hold `<home>/backup.lock` in the same way: one backup, restore or check at a time."""
    with _held(home / "backup.lock", on_wait):
        yield


@contextmanager
def telling_lock(home: Path, on_wait: Callable[[str], None] = _say_telling) -> Iterator[None]:
    """Hold `<home>/alert.lock` in the same way: two tellings at once would both tell the same.

    Where it cannot be held, as on a full disk, telling twice is better than not at all.
    """
    with ExitStack() as stack:
        with suppress(OSError):
            stack.enter_context(_held(home / "alert.lock", on_wait))
        yield


@contextmanager
def backfill_lock(
    home: Path, chain: str, note: str, on_found: Callable[[str], None]
) -> Iterator[None]:
    """Hold `<home>/backfill/<chain>.lock` in the same way, with a note in it.

    `on_found` gets the note of the one that holds it, and may raise instead of waiting.
    """
    with _held(home / "backfill" / f"{chain}.lock", on_found, note):
        yield


@contextmanager
def migration_lock(url: str, on_wait: Callable[[str], None] = _say_migration) -> Iterator[None]:
    """Hold a lock of this user for the warehouse at `url`: flows that begin together find the same
    migrations pending.
    """
    name = hashlib.blake2b(url.encode(), digest_size=8).hexdigest()
    folder = Path(tempfile.gettempdir()) / f"oracul-{os.getuid()}"
    with _held(folder / f"migrate-{name}.lock", on_wait):
        yield


@contextmanager
def _held(path: Path, on_wait: Callable[[str], None], note: str | None = None) -> Iterator[None]:
    make_private(path.parent)
    with path.open("a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            on_wait(file.read().strip() or "unknown")
            fcntl.flock(file, fcntl.LOCK_EX)
        file.truncate(0)
        file.write(note or f"{os.getpid()}\n")
        file.flush()
        yield
