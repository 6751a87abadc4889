"""BACKUP and RESTORE as statements: run beside the connection, watched, their errors explained."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from oracul.errors import WarehouseError
from oracul.progress import Progress
from oracul.warehouse.client import first_words

_MB = 1_000_000
_LONGEST_PAUSE_SECONDS = 0.5
_WATCH_SQL = """
select
    status,
    error,
    uncompressed_size,
    if(
        status in ('RESTORING', 'RESTORED'),
        bytes_read,
        ProfileEvents['WriteBufferFromFileDescriptorWriteBytes']
    ) as moved
from system.backups
where id = {id:String}
"""
_CANCEL_SQL = """
kill query where query_id in (select query_id from system.backups where id = {id:String}) async
"""
_HINTS = {
    "BACKUP_ALREADY_EXISTS": "There is a backup of this name already: choose another.",
    "BACKUP_NOT_FOUND": "`oracul warehouse backups` lists those that there are; they are folders in"
    " ORACUL_HOME/backups, on a server in its backups.allowed_path.",
    "NOT_ENOUGH_SPACE": "Make room on the disk of the backups and type the same command again.",
    "No space left": "Make room on the disk and type the same command again.",
    "allowed_path": "Set backups.allowed_path on the server: see docs/how-to/harden-clickhouse.md.",
    "ACCESS_DENIED": "It takes the role oracul_backup: see docs/how-to/harden-clickhouse.md.",
    "BACKUP_ENTRY_NOT_FOUND": "It is none of Oracul's, or damaged: restore another one.",
}
# What fails for reasons of the server, whatever is in a backup.
_NOT_DAMAGE = ("ACCESS_DENIED", "allowed_path", "NOT_ENOUGH_SPACE", "No space left", "MEMORY_LIMIT",
               "TIMEOUT", "CANCELLED", "SETTING", "AUTHENTICATION")  # fmt: skip


def run_watched(client: Client, statement: str, what: str, bar: Progress) -> int:
    """Run a BACKUP or RESTORE to its end and return the bytes it wrote of its own.

    It runs in the server's background, so that no time-out of a connection ends it. `bar` has been
    started in megabytes. Raises WarehouseError.
    """
    with explained(what):
        (started,) = client.query(f"{statement} ASYNC").result_rows
    try:
        return _watch(client, started[0], what, bar)
    except KeyboardInterrupt:
        with suppress(ClickHouseError):
            client.command(_CANCEL_SQL, parameters={"id": started[0]})
        raise


def _watch(client: Client, operation: str, what: str, bar: Progress) -> int:
    pause, told = 0.01, 0
    while True:
        with explained(what):
            rows = client.query(_WATCH_SQL, parameters={"id": operation}).result_rows
        status, error, own, moved = rows[0] if rows else ("", "the server forgot it", 0, 0)
        if moved // _MB > told:
            bar.advance(moved // _MB - told)
            told = moved // _MB
        if status in ("BACKUP_CREATED", "RESTORED"):
            return int(own)
        if status not in ("CREATING_BACKUP", "RESTORING"):
            cause = ClickHouseError(error or status)
            raise _explain(what, cause) from cause
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE_SECONDS)


def is_damage(error: WarehouseError, name: str) -> bool:
    """Whether the engine failed at what it read from the backup `name`, and at nothing else."""
    told = str(error.__cause__)
    is_absent = "BACKUP_NOT_FOUND" in told and f"File('{name}')" in told
    return "Code: " in told and not is_absent and not any(one in told for one in _NOT_DAMAGE)


def is_full_disk(error: Exception) -> bool:
    """Whether the disk was too small, not the data wrong."""
    return "NOT_ENOUGH_SPACE" in str(error) or "No space left" in str(error)


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Errors of the driver inside become WarehouseErrors that say what to do."""
    try:
        yield
    except ClickHouseError as error:
        raise _explain(what, error) from error


def _explain(what: str, error: Exception) -> WarehouseError:
    text = str(error)
    hint = next((hint for mark, hint in _HINTS.items() if mark in text), "")
    return WarehouseError(f"{what} did not succeed: {_first_words(error)}.", hint=hint)


def _first_words(error: Exception) -> str:
    """Without the addresses that the engine adds to errors of its libraries."""
    return first_words(error).partition(", Stack trace")[0]
