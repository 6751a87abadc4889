"""Backups of the whole warehouse, and restores that are believed only after they were checked.

A backup lands in the server's `backups.allowed_path` (embedded: `<home>/backups`). With it goes a
list of its tables with row counts and content hashes, because RESTORE calls damaged data a success.
"""

import re
from dataclasses import dataclass

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from oracul.errors import ConfigError, LandingMismatch, WarehouseError
from oracul.warehouse.client import first_words

DATABASES = ("raw", "meta", "staging", "curated", "marts")
_MANIFEST = "backup_manifest"
# Temporary databases of a restore that is being checked.
_DRAFT = "__restoring"
# Written by every run of the command, so that its rows alone do not make a warehouse "in use".
_LEDGERS = frozenset({("meta", "schema_migrations"), ("meta", _MANIFEST)})
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,99}")


@dataclass(frozen=True, slots=True)
class TableContent:
    """What one table held. `content_hash` does not depend on the order of rows or on merges."""

    database: str
    table: str
    rows: int
    content_hash: int


def backup(client: Client, name: str, *, base: str | None = None) -> list[TableContent]:
    """Write all databases to the backup `name`; with `base`, only what changed since that one.

    Returns what was saved. Raises WarehouseError when the server refuses, the name is taken, or a
    table changed meanwhile (then the copy would be of no single instant).
    """
    _check_name(name)
    databases = _existing(client)
    if not databases:
        raise WarehouseError("There is nothing to back up.", hint="Run 'oracul warehouse migrate'.")
    before = contents(client, databases)
    _write_manifest(client, before)
    wanted = ", ".join(f"DATABASE {database}" for database in sorted({*databases, "meta"}))
    settings = ""
    if base is not None:
        _check_name(base)
        settings = f" SETTINGS base_backup = File('{base}')"
    _run(client, f"BACKUP {wanted} TO File('{name}'){settings}", f"Backup {name}")
    if contents(client, databases) != before:
        raise WarehouseError(
            f"Tables changed while backup {name} was written, so it is of no single instant.",
            hint="Take another one, under another name, while nothing is being ingested or built.",
        )
    return before


def restore(client: Client, name: str, *, overwrite: bool = False) -> list[TableContent]:
    """Bring all databases back from the backup `name`, and return what they hold.

    The backup is first restored beside the present tables and compared with its own list of rows
    and hashes; only then are the present ones replaced. Raises WarehouseError when tables with rows
    are in the way and `overwrite` is not given, LandingMismatch when the backup is damaged; in both
    cases nothing has changed.
    """
    _check_name(name)
    _drop_drafts(client)
    try:
        listed = _read_manifest(client, name)
        databases = sorted({"meta", *(content.database for content in listed)})
        if not overwrite:
            _refuse_overwriting(client, databases)
        drafts = ", ".join(f"DATABASE {one} AS {one}{_DRAFT}" for one in databases)
        _run(client, f"RESTORE {drafts} FROM File('{name}')", f"Restoring {name}")
        _compare(client, name, listed, suffix=_DRAFT)
    finally:
        _drop_drafts(client)
    for database in databases:
        client.command(f"DROP DATABASE IF EXISTS {database} SYNC")
    wanted = ", ".join(f"DATABASE {one}" for one in databases)
    _run(client, f"RESTORE {wanted} FROM File('{name}')", f"Restoring {name}")
    _compare(client, name, listed, suffix="")
    return listed


def contents(client: Client, databases: list[str]) -> list[TableContent]:
    """Row count and content hash of each table with data, in order of their names."""
    rows = client.query(
        "SELECT database, name, engine FROM system.tables "
        "WHERE database IN {databases:Array(String)} AND engine LIKE '%MergeTree' "
        "ORDER BY database, name",
        parameters={"databases": databases},
    ).result_rows
    return [
        _content(client, database, table, engine)
        for database, table, engine in rows
        if (database.removesuffix(_DRAFT), table) != ("meta", _MANIFEST)
    ]


def _content(client: Client, database: str, table: str, engine: str) -> TableContent:
    # FINAL, because a merge between backup and restore may drop rows that were replaced anyway.
    final = "" if engine.removeprefix("Replicated") == "MergeTree" else "FINAL"
    # As text, because a hash over a row that holds a NULL is NULL itself and would not count.
    count, content_hash = client.query(
        f"SELECT count(), sum(cityHash64(toString(tuple(*)))) FROM `{database}`.`{table}` {final}"
    ).result_rows[0]
    return TableContent(database, table, int(count), int(content_hash or 0))


def _compare(client: Client, name: str, listed: list[TableContent], *, suffix: str) -> None:
    """Check the parts of all tables and compare them with the list. Raises LandingMismatch."""
    present = sorted({f"{content.database}{suffix}" for content in listed})
    try:
        held = contents(client, present)
    except ClickHouseError as error:
        raise LandingMismatch(
            f"Backup {name} is damaged: its rows cannot be read ({str(error)[:300]}).",
            hint="Restore an older backup; nothing was changed by this attempt.",
        ) from error
    found = {(content.database.removesuffix(_DRAFT), content.table): content for content in held}
    for wanted in listed:
        where = f"{wanted.database}.{wanted.table}"
        got = found.get((wanted.database, wanted.table))
        if got is None or (got.rows, got.content_hash) != (wanted.rows, wanted.content_hash):
            rows = "no table" if got is None else f"{got.rows} rows"
            raise LandingMismatch(
                f"Backup {name} is damaged: {where} has {rows}, not the {wanted.rows} rows it was "
                "saved with, or other content.",
                hint="Restore an older backup; nothing was changed by this attempt.",
            )
        if not _is_sound(client, got):
            raise LandingMismatch(
                f"Backup {name} is damaged: CHECK TABLE fails for {where}.",
                hint="Restore an older backup; nothing was changed by this attempt.",
            )


def _is_sound(client: Client, content: TableContent) -> bool:
    """Let the engine read and check the parts of one table; a broken one may also raise."""
    try:
        answer = client.command(
            f"CHECK TABLE `{content.database}`.`{content.table}` "
            "SETTINGS check_query_single_value_result = 1"
        )
    except ClickHouseError:
        return False
    return answer == 1


def _write_manifest(client: Client, listed: list[TableContent]) -> None:
    client.command("CREATE DATABASE IF NOT EXISTS meta")
    client.command(
        f"CREATE OR REPLACE TABLE meta.{_MANIFEST} (database String, table String, rows UInt64, "
        "content_hash UInt64) ENGINE = MergeTree ORDER BY (database, table)"
    )
    rows = [[one.database, one.table, one.rows, one.content_hash] for one in listed]
    if rows:
        columns = ["database", "table", "rows", "content_hash"]
        client.insert(_MANIFEST, rows, database="meta", column_names=columns)


def _read_manifest(client: Client, name: str) -> list[TableContent]:
    draft = f"meta{_DRAFT}"
    client.command(f"CREATE DATABASE IF NOT EXISTS {draft}")
    _run(
        client,
        f"RESTORE TABLE meta.{_MANIFEST} AS {draft}.{_MANIFEST} FROM File('{name}')",
        f"Reading backup {name}",
    )
    rows = client.query(
        f"SELECT database, table, rows, content_hash FROM {draft}.{_MANIFEST} ORDER BY ALL"
    ).result_rows
    client.command(f"DROP DATABASE {draft} SYNC")
    return [TableContent(*row) for row in rows]


def _refuse_overwriting(client: Client, databases: list[str]) -> None:
    rows = client.query(
        "SELECT database, name, total_rows FROM system.tables "
        "WHERE database IN {databases:Array(String)} AND total_rows > 0",
        parameters={"databases": databases},
    ).result_rows
    used = [f"{row[0]}.{row[1]}" for row in rows if (row[0], row[1]) not in _LEDGERS]
    if used:
        raise WarehouseError(
            f"{len(used)} tables already hold rows ({', '.join(sorted(used)[:5])} …).",
            hint="Restore into an empty home (ORACUL_HOME), or say --overwrite to replace them.",
        )


def _existing(client: Client) -> list[str]:
    rows = client.query("SELECT name FROM system.databases").result_rows
    present = {row[0] for row in rows}
    return [database for database in DATABASES if database in present]


def _drop_drafts(client: Client) -> None:
    for database in DATABASES:
        client.command(f"DROP DATABASE IF EXISTS {database}{_DRAFT} SYNC")


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name) or ".." in name:
        raise ConfigError(
            f"'{name[:120]}' is not a name for a backup.",
            hint="Use letters, digits, '_', '-' and '.', without directories.",
        )


def _run(client: Client, statement: str, what: str) -> None:
    try:
        client.command(statement)
    except ClickHouseError as error:
        hint = "Backups need the server's setting backups.allowed_path."
        if "BACKUP_ALREADY_EXISTS" in str(error):
            hint = "There is a backup of this name already: choose another."
        elif "BACKUP_NOT_FOUND" in str(error):
            hint = "There is no backup of this name; they are in ORACUL_HOME/backups."
        raise WarehouseError(f"{what} did not succeed: {first_words(error)}.", hint=hint) from error
