"""Taking a backup of one instant, while others go on writing."""

import re

from clickhouse_connect.driver.client import Client

from oracul import __version__
from oracul.errors import ConfigError, WarehouseError
from oracul.progress import Progress, Silent
from oracul.settings import Settings
from oracul.times import utc_now
from oracul.warehouse.backups.catalog import Known, catalog, record
from oracul.warehouse.backups.content import contents
from oracul.warehouse.backups.drafts import (
    DATABASES,
    SNAPSHOT,
    draft,
    tables_of,
)
from oracul.warehouse.backups.files import folder_of, refuse_without_space, write_digests
from oracul.warehouse.backups.manifest import MANIFEST, Manifest, to_text
from oracul.warehouse.backups.statements import explained, run_watched
from oracul.warehouse.build_lock import backup_lock, build_lock
from oracul.warehouse.migrate import read_migrations

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,99}")
_MB = 1_000_000
# Facts are never deleted, so pointers that are frozen before them have all their blocks.
_FIRST = "meta.canonical_blocks"
_BOOKED_SQL = "select count(), max(built_at) from meta.built_days final"


def take(
    settings: Settings,
    client: Client,
    name: str,
    *,
    incremental: bool = False,
    progress: Progress | None = None,
) -> Manifest:
    """Write all databases to the backup `name`, and return what was saved.

    With `incremental`, only what the newest usable backup does not have (all of it when there is
    none). Landing may go on meanwhile; builds wait until the tables are frozen. Raises ConfigError
    for a name that is none, WarehouseError when the server refuses or the disk is too small.
    """
    check_name(name)
    bar = progress or Silent()
    with backup_lock(settings.home):
        folder = folder_of(settings)
        base = _newest(client, settings) if incremental else None
        if folder is not None:
            if folder.of(name).exists():
                raise WarehouseError(
                    f"Backup {name} already exists.", hint="Choose another name for this one."
                )
            needed = _size(client) - (base.size_bytes if base else 0)
            refuse_without_space(folder.path, max(needed, 0), "The backup")
        with draft(client, SNAPSHOT):
            manifest = _freeze(settings, client, name, base.name if base else None, bar)
            own_bytes = _write(client, manifest, bar)
        if folder is not None:
            write_digests(folder, name, bar)
        record(
            client,
            Known(name, manifest.base or "", manifest.taken_at, manifest.rows,
                  manifest.size_bytes, own_bytes),
        )  # fmt: skip
        return manifest


def check_name(name: str) -> None:
    """Raise ConfigError for a name that would lead elsewhere."""
    if not _NAME.fullmatch(name) or ".." in name or name.endswith(".files.json"):
        raise ConfigError(
            f"'{name[:120]}' is not a name for a backup.",
            hint="Use letters, digits, '_', '-' and '.', without directories.",
        )


def _newest(client: Client, settings: Settings) -> Known | None:
    listed = catalog(client, settings)
    return next((one for one in listed if one.is_usable), None)


def _freeze(
    settings: Settings, client: Client, name: str, base: str | None, bar: Progress
) -> Manifest:
    """Copy all tables aside as they are now (the copies share their files) and read them."""
    with build_lock(settings.home), explained("Freezing the tables"):
        names = sorted(tables_of(client), key=lambda one: (one != _FIRST, one))
        if not names:
            raise WarehouseError(
                "There is nothing to back up.", hint="Run 'oracul warehouse migrate'."
            )
        booked = _booked(client, names)
        bar.start("Freezing tables", len(names), "tables")
        for one in names:
            database, _, table = one.partition(".")
            client.command(f"create table {SNAPSHOT}.`{one}` clone as {database}.`{table}`")
            bar.advance(1)
        bar.finish()
        # Of a build on this machine the lock knows; of one on another machine its bookings tell.
        if _booked(client, names) != booked:
            raise WarehouseError(
                "Marts were built by another machine meanwhile, so the copy is of no one instant.",
                hint="Type the same command again when that build is over.",
            )
        databases = _comments(client)
        views = _views(client)
    with explained("Reading the tables"):
        tables = contents(client, SNAPSHOT, names, bar)
        server = client.command("select version()")
    return Manifest(
        name=name,
        base=base,
        taken_at=utc_now(),
        oracul=__version__,
        clickhouse=str(server),
        schema_version=_schema_version(client),
        databases=databases,
        views=views,
        tables=tuple(tables),
    )


def _write(client: Client, manifest: Manifest, bar: Progress) -> int:
    place = f"{SNAPSHOT}.`meta.{MANIFEST}`"
    with explained("Writing the manifest"):
        client.command(f"create table {place} (document String) engine = MergeTree order by ()")
        client.command(f"insert into {place} values (%(text)s)", {"text": to_text(manifest)})
    names = [*(table.name for table in manifest.tables), f"meta.{MANIFEST}"]
    parts = (f"TABLE {SNAPSHOT}.`{one}` AS {one.replace('.', '.`', 1)}`" for one in names)
    on = f" SETTINGS base_backup = File('{manifest.base}')" if manifest.base else ""
    bar.start("Writing the backup", manifest.size_bytes // _MB, "MB")
    try:
        return run_watched(
            client,
            f"BACKUP {', '.join(parts)} TO File('{manifest.name}'){on}",
            f"Backup {manifest.name}",
            bar,
        )
    finally:
        bar.finish()


def _booked(client: Client, names: list[str]) -> list[object]:
    if "meta.built_days" not in names:
        return []
    return list(client.query(_BOOKED_SQL).result_rows)


def _schema_version(client: Client) -> int:
    """The newest migration that was applied: one that is only pending is not in the backup."""
    if not int(str(client.command("exists table meta.schema_migrations"))):
        return read_migrations()[-1].version
    return int(str(client.command("select max(version) from meta.schema_migrations")))


def _size(client: Client) -> int:
    rows = client.query(
        "select sum(total_bytes) from system.tables where has({databases:Array(String)}, database)",
        parameters={"databases": list(DATABASES)},
    ).result_rows
    return int(rows[0][0] or 0)


def _comments(client: Client) -> dict[str, str]:
    rows = client.query(
        "select name, comment from system.databases where has({databases:Array(String)}, name)",
        parameters={"databases": list(DATABASES)},
    ).result_rows
    return {row[0]: row[1] for row in rows}


def _views(client: Client) -> dict[str, str]:
    rows = client.query(
        "select concat(database, '.', name), create_table_query from system.tables"
        " where has({databases:Array(String)}, database) and engine = 'View' order by 1",
        parameters={"databases": list(DATABASES)},
    ).result_rows
    return {row[0]: row[1] for row in rows}
