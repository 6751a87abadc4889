"""The list of backups: a table of the warehouse, mended from the folder where that is on this
machine. Restores leave the table alone, so that it knows more than the backups it lists."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from clickhouse_connect.driver.client import Client

from oracul.errors import WarehouseError
from oracul.settings import Settings
from oracul.times import utc_now
from oracul.warehouse.backups.drafts import read_manifest
from oracul.warehouse.backups.files import Folder, folder_of
from oracul.warehouse.backups.manifest import Manifest

LEDGER = "backups"
_COLUMNS = ("name", "base", "taken_at", "rows", "size_bytes", "own_bytes", "verdict", "verdict_at",
            "details")  # fmt: skip
_CREATE_SQL = f"""
create table if not exists meta.{LEDGER}
(
    name        String comment 'folder below backups.allowed_path',
    base        String comment 'the backup it stands on; empty for a full one',
    taken_at    DateTime64(3, 'UTC'),
    rows        UInt64,
    size_bytes  UInt64 comment 'what the tables took on disk',
    own_bytes   UInt64 comment 'what the backup itself takes, without those it stands on',
    verdict     LowCardinality(String) comment 'sound, damaged, or empty before anybody looked',
    verdict_at  DateTime64(3, 'UTC'),
    details     String comment 'what is damaged',
    recorded_at DateTime64(6, 'UTC') comment 'the newest row counts'
)
engine = ReplacingMergeTree(recorded_at)
order by name
settings fsync_after_insert = 1, fsync_part_directory = 1
comment 'Backups of this warehouse. Read it with FINAL'
"""


_NEVER = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class Known:
    """A backup as the list knows it. `base` is empty for a full one.

    `verdict`: `sound`, `damaged`, or empty = nobody looked. `broken_by` names a backup that it
    stands on, directly or not, and that is gone or damaged.
    """

    name: str
    base: str
    taken_at: datetime
    rows: int
    size_bytes: int
    own_bytes: int
    verdict: str = ""
    verdict_at: datetime = _NEVER
    details: str = ""
    broken_by: str | None = None

    @property
    def is_usable(self) -> bool:
        """Whether one may build on it, as far as anybody knows."""
        return self.verdict != "damaged" and self.broken_by is None


def catalog(client: Client, settings: Settings) -> list[Known]:
    """As `known_backups`, of the folder of the settings."""
    return known_backups(client, folder_of(settings))


def unfinished(settings: Settings) -> list[str]:
    """Folders of backups that were never finished, as far as they can be seen from here."""
    folder = folder_of(settings)
    return folder.unfinished() if folder else []


def known_backups(client: Client, folder: Folder | None) -> list[Known]:
    """All backups that are there, newest first; those found only in the folder are added.

    What is in a server's folder cannot be seen from here: there the table's word is taken.
    """
    known = _read(client)
    there = set(known) if folder is None else set(folder.names())
    for name in sorted(there - known.keys()):
        if folder is not None:
            known[name] = _adopted(client, folder, name)
    listed = [replace(known[name], broken_by=_broken_by(known, there, name)) for name in there]
    return sorted(listed, key=lambda one: (one.taken_at, one.name), reverse=True)


def record(client: Client, known: Known) -> None:
    """Write what is known of a backup now."""
    client.command(
        "create database if not exists meta comment 'ledger and outcomes of the pipeline'"
    )
    client.command(_CREATE_SQL)
    row = [getattr(known, column) for column in _COLUMNS]
    client.insert(
        LEDGER, [[*row, utc_now()]], database="meta", column_names=[*_COLUMNS, "recorded_at"]
    )


def judge(client: Client, manifest: Manifest | str, folder: Folder | None, fault: str) -> None:
    """Record that a backup was looked at: `fault` is what is wrong with it, empty for nothing."""
    name = manifest if isinstance(manifest, str) else manifest.name
    known = next((one for one in known_backups(client, folder) if one.name == name), None)
    if known is None and not isinstance(manifest, str):
        known = _of_manifest(manifest, 0)
    if known is not None:
        verdict = "damaged" if fault else "sound"
        record(client, replace(known, verdict=verdict, verdict_at=utc_now(), details=fault[:2000]))


def chain(listed: Iterable[Known], name: str) -> list[str]:
    """The backup and those it stands on, as far as they are known."""
    bases = {one.name: one.base for one in listed}
    names = [name]
    while (base := bases.get(names[-1])) and base not in names:
        names.append(base)
    return names


def _broken_by(known: Mapping[str, Known], there: set[str], name: str) -> str | None:
    below = chain(known.values(), name)[1:]
    return next((b for b in below if b not in there or known[b].verdict == "damaged"), None)


def _read(client: Client) -> dict[str, Known]:
    if not int(str(client.command(f"exists table meta.{LEDGER}"))):
        return {}
    rows = client.query(f"select {', '.join(_COLUMNS)} from meta.{LEDGER} final").result_rows
    return {row[0]: _of_row(*row) for row in rows}


def _of_row(*row: Any) -> Known:
    # The driver gives UTC without saying so.
    values: list[Any] = [v.replace(tzinfo=UTC) if isinstance(v, datetime) else v for v in row]
    return Known(*values)


def _adopted(client: Client, folder: Folder, name: str) -> Known:
    """A backup that was copied here, or taken before the warehouse was set up anew."""
    own = sum(path.stat().st_size for path in folder.of(name).rglob("*") if path.is_file())
    try:
        known = _of_manifest(read_manifest(client, name), own)
        record(client, known)
    except WarehouseError as error:
        at = datetime.fromtimestamp(folder.of(name).stat().st_mtime, UTC)
        return Known(name, "", at, 0, 0, own, "damaged", details=error.message)
    return known


def _of_manifest(manifest: Manifest, own_bytes: int) -> Known:
    base = manifest.base or ""
    return Known(
        manifest.name, base, manifest.taken_at, manifest.rows, manifest.size_bytes, own_bytes
    )
