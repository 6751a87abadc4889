"""Bringing a backup back: beside what is there, looked at, and only then in its place."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from oracul.errors import BackupDamaged, WarehouseError
from oracul.progress import Progress, Silent
from oracul.settings import Settings
from oracul.units import plural
from oracul.warehouse.backups.catalog import Known, chain, judge, known_backups
from oracul.warehouse.backups.content import content, is_sound
from oracul.warehouse.backups.drafts import RESTORED, draft, read_manifest
from oracul.warehouse.backups.files import (
    Folder,
    damaged_files,
    folder_of,
    refuse_without_space,
    table_of,
)
from oracul.warehouse.backups.manifest import Manifest, TableContent
from oracul.warehouse.backups.place import put_in_place, used_tables
from oracul.warehouse.backups.statements import is_damage, is_full_disk, run_watched
from oracul.warehouse.backups.taking import check_name
from oracul.warehouse.build_lock import backup_lock, build_lock
from oracul.warehouse.client import first_words
from oracul.warehouse.migrate import read_migrations

_MB = 1_000_000
_SHOWN = 5
OWN_LIST = "its own list of files"


@dataclass(frozen=True, slots=True)
class Restored:
    """A backup that is in place now. `removed` are tables that it did not have, `views_left` views
    that the server refused: the next transform makes them."""

    manifest: Manifest
    removed: tuple[str, ...]
    views_left: tuple[str, ...]


def restore(
    settings: Settings,
    client: Client,
    name: str,
    *,
    replace: bool = False,
    progress: Progress | None = None,
) -> Restored:
    """Put the backup `name` in the place of all databases, after it was checked beside them.

    Raises WarehouseError when tables with rows are in the way and `replace` is not given, or when
    the backup is missing, of a newer version or too large for the disk; BackupDamaged, naming the
    tables, when it does not hold what it was saved with. In all these cases nothing has changed.
    """
    check_name(name)
    refuse_on_cluster(settings)
    bar = progress or Silent()
    with backup_lock(settings.home), build_lock(settings.home):
        if not replace:
            _refuse_replacing(client)
        manifest = _open(settings, client, name, bar)
        with draft(client, RESTORED):
            _bring_checked(client, manifest, folder_of(settings), bar)
            removed, views_left = put_in_place(client, manifest)
        return Restored(manifest, removed, views_left)


def refuse_on_cluster(settings: Settings) -> None:
    """Raise WarehouseError on a cluster: a restore would reach one replica only."""
    if settings.clickhouse.cluster:
        raise WarehouseError(
            "Backups of Oracul are for one server, not for a cluster.",
            hint="Use ClickHouse's own BACKUP and RESTORE … ON CLUSTER "
            "(docs/how-to/move-to-a-clickhouse-server.md).",
        )


def verify(
    settings: Settings, client: Client, name: str, *, progress: Progress | None = None
) -> Manifest:
    """Restore the backup `name` beside what is there, compare it, and drop it again.

    What came out is in the list of backups. Raises as `restore` does.
    """
    check_name(name)
    refuse_on_cluster(settings)
    bar = progress or Silent()
    with backup_lock(settings.home):
        manifest = _open(settings, client, name, bar)
        with draft(client, RESTORED):
            _bring_checked(client, manifest, folder_of(settings), bar)
        return manifest


def _open(settings: Settings, client: Client, name: str, bar: Progress) -> Manifest:
    """The manifest, after all that can be found wrong without restoring."""
    folder = folder_of(settings)
    listed = known_backups(client, folder)
    if folder is not None:
        _check_files(client, folder, listed, name, bar)
    try:
        manifest = read_manifest(client, name)
    except BackupDamaged as error:
        judge(client, name, folder, error.message)
        raise
    except WarehouseError as error:
        # One that never said what it holds may be anybody's.
        is_ours = any(one.name == name and one.size_bytes for one in listed)
        if is_ours and is_damage(error, name):
            reason = error.message.partition("did not succeed: ")[2].rstrip(".")
            refuse_damaged(client, name, folder, [OWN_LIST], f" {reason[:300]}")
        raise
    refuse_newer(manifest, read_migrations()[-1].version, str(client.command("select version()")))
    if folder is not None:
        refuse_without_space(settings.home, manifest.size_bytes, f"Restoring {name}")
    return manifest


def refuse_newer(manifest: Manifest, newest_migration: int, clickhouse: str) -> None:
    """Raise WarehouseError for a backup that a newer Oracul or ClickHouse than these has made."""
    if manifest.schema_version > newest_migration:
        raise WarehouseError(
            f"Backup {manifest.name} was made by Oracul {manifest.oracul} with migration"
            f" {manifest.schema_version:04}; this version knows {newest_migration:04} and older.",
            hint="Restore it with that version or a newer one. Nothing was changed.",
        )
    if _version(manifest.clickhouse) > _version(clickhouse):
        raise WarehouseError(
            f"Backup {manifest.name} was made by ClickHouse {manifest.clickhouse}, this one is"
            f" {clickhouse}.",
            hint="Restore it on that version or a newer one. Nothing was changed.",
        )


def _check_files(
    client: Client, folder: Folder, listed: Sequence[Known], name: str, bar: Progress
) -> None:
    """Compare the files of the backup and of those it stands on with what was written."""
    for one in chain(listed, name):
        if not folder.has(one):
            gone = f"There is no finished backup {one} in {folder.path}"
            raise WarehouseError(
                f"{gone}." if one == name else f"{gone}; {name} stands on it.",
                hint="`oracul warehouse backups` lists those that there are. Nothing was changed.",
            )
        faults = damaged_files(folder, one, bar)
        if faults:
            tables = sorted({table_of(fault) or OWN_LIST for fault in faults})
            if one != name:
                judge(client, one, folder, f"{', '.join(tables)}: {faults[0]}")
            where = "" if one == name else f" in {one}, which it stands on,"
            refuse_damaged(client, name, folder, tables, f"{where} {faults[0]}")


def _bring_checked(
    client: Client, manifest: Manifest, folder: Folder | None, bar: Progress
) -> None:
    """Restore all tables into the draft and compare each. Raises BackupDamaged naming all that
    are not as they were saved."""
    faults = _bring(client, manifest, manifest.tables, bar)
    bar.start("Comparing tables", manifest.rows, "rows")
    is_same_server = str(client.command("select version()")) == manifest.clickhouse
    for table in manifest.tables:
        if table.name not in faults:
            fault = _fault_of(client, table, is_same_server)
            faults |= {table.name: fault} if fault else {}
            bar.advance(table.rows, table=table.name)
    bar.finish()
    if faults:
        first = next(iter(faults))
        refuse_damaged(client, manifest, folder, list(faults), f" {first} {faults[first]}")
    judge(client, manifest, folder, "")


def _bring(
    client: Client, manifest: Manifest, tables: Sequence[TableContent], bar: Progress
) -> dict[str, str]:
    """Restore tables into the draft and return what was refused, by table.

    All in one statement, which reads the backup's list of files once; one by one only when it
    fails, to learn which of them it was. Raises WarehouseError when the disk is full.
    """
    parts = (f"TABLE {one.database}.`{one.table}` AS {RESTORED}.`{one.name}`" for one in tables)
    bar.start(f"Restoring {manifest.name}", sum(one.size_bytes for one in tables) // _MB, "MB")
    try:
        statement = f"RESTORE {', '.join(parts)} FROM File('{manifest.name}')"
        run_watched(client, statement, f"Restoring {manifest.name}", bar)
    except WarehouseError as error:
        if is_full_disk(error):
            raise
        for one in tables:
            client.command(f"drop table if exists {RESTORED}.`{one.name}` sync")
        if len(tables) == 1:
            return {tables[0].name: f"cannot be restored ({error.message[:300]})"}
        found = (_bring(client, manifest, [one], Silent()) for one in tables)
        return {name: fault for faults in found for name, fault in faults.items()}
    finally:
        bar.finish()
    return {}


def _fault_of(client: Client, table: TableContent, is_same_server: bool) -> str:
    """What is wrong with a restored table; empty when nothing is."""
    try:
        got = content(client, RESTORED, table.name)
    except ClickHouseError as error:
        return f"cannot be read ({first_words(error)[:300]})"
    return difference(table, got, is_same_server=is_same_server) or (
        "" if is_sound(client, RESTORED, table.name) else "has parts that CHECK TABLE refuses"
    )


def difference(saved: TableContent, got: TableContent, *, is_same_server: bool) -> str:
    """What a restored table has other than it was saved with; empty when it is the same.

    Versions of ClickHouse write the same definition in different words: compared on the same only.
    """
    if got.rows != saved.rows:
        return f"has {plural(got.rows, 'row')}, not the {saved.rows:,} it was saved with"
    if got.content_hash != saved.content_hash:
        return f"has other content in its {plural(got.rows, 'row')} than it was saved with"
    if is_same_server and got.definition != saved.definition:
        return "has another definition than it was saved with"
    return ""


def refuse_damaged(
    client: Client,
    backup: Manifest | str,
    folder: Folder | None,
    tables: Sequence[str],
    first: str,
) -> NoReturn:
    """Note the damage in the list and raise BackupDamaged, saying what to restore instead."""
    name = backup if isinstance(backup, str) else backup.name
    shown = ", ".join(tables[:_SHOWN]) + (" …" if len(tables) > _SHOWN else "")
    judge(client, backup, folder, f"{shown}:{first}")
    listed = known_backups(client, folder)
    usable = [one for one in listed if one.is_usable and name not in chain(listed, one.name)]
    instead = (
        f"Restore {usable[0].name} instead: `oracul warehouse restore {usable[0].name}`."
        if usable
        else "No other usable backup is known: take a new one while the warehouse is whole."
    )
    raise BackupDamaged(
        f"Backup {name} is damaged in {shown}:{first}.", hint=f"Nothing was changed. {instead}"
    )


def _refuse_replacing(client: Client) -> None:
    used = used_tables(client)
    if used:
        raise WarehouseError(
            f"{plural(len(used), 'table')} already {'hold' if len(used) > 1 else 'holds'} rows"
            f" ({', '.join(used[:_SHOWN])}{' …' if len(used) > _SHOWN else ''}).",
            hint="Restore into an empty home (ORACUL_HOME), or say --replace to give these up.",
        )


def _version(text: str) -> tuple[int, ...]:
    """Year and month of a version of ClickHouse; patches read each other's data."""
    return tuple(int(part) for part in text.split(".")[:2] if part.isdigit())
