"""The databases in which backups are put together and restores are looked at, before they count.

Their tables are called `<database>.<table>`, after the place they stand for.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from clickhouse_connect.driver.client import Client

from oracul.progress import Silent
from oracul.warehouse.backups.manifest import MANIFEST, Manifest, from_text
from oracul.warehouse.backups.statements import explained, run_watched

# Facts and ledger first: an order that people read.
DATABASES = ("raw", "meta", "staging", "curated", "marts")
SNAPSHOT = "backup_snapshot"
RESTORED = "backup_restored"
REPLACED = "backup_replaced"
# Of its own: the list of backups may read manifests while a restore is being looked at.
MANIFESTS = "backup_manifests"
DRAFTS = (SNAPSHOT, RESTORED, REPLACED, MANIFESTS)
# Left behind by a build that was killed; `oracul transform` clears them.
_LEFT_OVERS = "__dbt_|__new$"


@contextmanager
def draft(client: Client, database: str) -> Iterator[str]:
    """An empty database for the time of the context. Raises WarehouseError."""
    with explained(f"Making the database {database}"):
        client.command(f"drop database if exists {database} sync")
        client.command(
            f"create database {database} comment 'of a backup or restore that is running'"
        )
    try:
        yield database
    finally:
        client.command(f"drop database if exists {database} sync")


def tables_of(client: Client) -> list[str]:
    """`database.table` of all that holds rows, the list of backups left out."""
    return _named(
        client, "engine like '%MergeTree' and (database, name) not in (('meta', 'backups'))"
    )


def things_of(client: Client) -> list[str]:
    """`database.table` of all tables and views that a restore replaces."""
    return _named(client, "(database, name) not in (('meta', 'backups'))")


def left_out(client: Client) -> list[str]:
    """Tables of an engine that is not backed up; Oracul makes none."""
    return _named(client, "engine not like '%MergeTree' and engine != 'View'")


def _named(client: Client, condition: str) -> list[str]:
    rows = client.query(
        "select concat(database, '.', name) from system.tables"
        " where has({databases:Array(String)}, database) and not is_temporary"
        f" and not match(name, '{_LEFT_OVERS}') and {condition} order by database, name",
        parameters={"databases": list(DATABASES)},
    ).result_rows
    return [row[0] for row in rows]


def read_manifest(client: Client, name: str) -> Manifest:
    """What a backup says of itself. Raises WarehouseError for none of this name, BackupDamaged."""
    with draft(client, MANIFESTS):
        place = f"{MANIFESTS}.`meta.{MANIFEST}`"
        run_watched(
            client,
            f"RESTORE TABLE meta.{MANIFEST} AS {place} FROM File('{name}')",
            f"Reading backup {name}",
            Silent(),
        )
        with explained(f"Reading backup {name}"):
            rows = client.query(f"select document from {place}").result_rows
    return from_text(rows[0][0] if rows else "", name)
