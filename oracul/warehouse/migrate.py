"""Forward-only migrations: numbered SQL files, applied once, remembered with their checksums."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from oracul.errors import MigrationDrift, WarehouseError
from oracul.times import utc_now
from oracul.warehouse.build_lock import migration_lock
from oracul.warehouse.client import first_words

MIGRATIONS_DIR = Path(__file__).with_name("migrations")
_FILE_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")


@dataclass(frozen=True)
class Migration:
    """One file. `statements` are its SQL statements in order, comments kept."""

    version: int
    name: str
    checksum: str
    statements: tuple[str, ...]


@dataclass(frozen=True)
class MigrationState:
    """A file and when it was applied to this warehouse (None = pending)."""

    migration: Migration
    applied_at: datetime | None


def read_migrations(directory: Path = MIGRATIONS_DIR) -> list[Migration]:
    """All migrations in order of version.

    Raises WarehouseError for a name that is not `0001_words.sql`, a number used twice or a gap.
    """
    migrations = []
    for path in sorted(directory.glob("*.sql")):
        match = _FILE_NAME.fullmatch(path.name)
        if match is None:
            raise WarehouseError(
                f"{path.name} is not a migration's name.",
                hint="Name it like 0005_add_traces.sql.",
            )
        text = path.read_text(encoding="utf-8")
        migrations.append(
            Migration(
                version=int(match[1]),
                name=path.stem,
                checksum=hashlib.sha256(text.encode()).hexdigest(),
                statements=tuple(split_statements(text)),
            )
        )
    versions = [m.version for m in migrations]
    if versions != list(range(1, len(versions) + 1)):
        raise WarehouseError(
            f"Migrations must be numbered 1, 2, 3 … without gap or repetition; found {versions}.",
            hint="Rename the newest file.",
        )
    return migrations


def split_statements(text: str) -> list[str]:
    """Statements of a file, cut at `;` outside quotes and comments; empty ones are left out."""
    statements, start = [], 0
    for token in re.finditer(r"'(?:[^'\\]|\\.|'')*'|`[^`]*`|--[^\n]*|/\*.*?\*/|;", text, re.S):
        if token[0] == ";":
            statements.append(text[start : token.start()].strip())
            start = token.end()
    statements.append(text[start:].strip())
    return [s for s in statements if re.sub(r"--[^\n]*|/\*.*?\*/", "", s, flags=re.S).strip()]


def status(client: Client, migrations: Sequence[Migration] | None = None) -> list[MigrationState]:
    """Every migration with the instant it was applied here.

    Raises MigrationDrift when an applied file has changed or is gone.
    """
    migrations = read_migrations() if migrations is None else migrations
    applied = _applied(client)
    known = {m.version: m for m in migrations}
    for version, (name, checksum, _) in applied.items():
        if version not in known:
            raise MigrationDrift(
                f"This warehouse has migration {name}, which this version of Oracul does not know.",
                hint="Use the version of Oracul that made it, or a newer one.",
            )
        if known[version].checksum != checksum:
            raise MigrationDrift(
                f"Migration {name} was changed after it was applied.",
                hint="Put the file back as it was and write the change as a new migration.",
            )
    return [
        MigrationState(m, applied[m.version][2] if m.version in applied else None)
        for m in migrations
    ]


def migrate(
    client: Client,
    *,
    dry_run: bool = False,
    migrations: Sequence[Migration] | None = None,
) -> list[Migration]:
    """Apply what is pending, in order, and return it (with `dry_run` only return it).

    Raises MigrationDrift as `status` does, WarehouseError naming the statement that failed; what
    ran before it stays, and the same call goes on from there once the file is mended.
    """
    pending = _pending(client, migrations)
    if not dry_run and pending:
        # Of the driver's clients only that over HTTP, which is ours, has an address.
        with migration_lock(str(getattr(client, "url", ""))):
            # Somebody else may have applied them meanwhile.
            pending = _pending(client, migrations)
            _create_ledger(client)
            for migration in pending:
                _apply(client, migration)
    return pending


def _pending(client: Client, migrations: Sequence[Migration] | None) -> list[Migration]:
    return [s.migration for s in status(client, migrations) if s.applied_at is None]


def _create_ledger(client: Client) -> None:
    client.command(
        "create database if not exists meta comment 'ledger and outcomes of the pipeline'"
    )
    client.command(
        "create table if not exists meta.schema_migrations"
        " (version UInt32, name String, checksum String, applied_at DateTime64(3, 'UTC'))"
        " engine = ReplacingMergeTree(applied_at) order by version"
        " settings fsync_after_insert = 1, fsync_part_directory = 1"
        " comment 'Migrations applied to this warehouse'"
    )


def _applied(client: Client) -> dict[int, tuple[str, str, datetime]]:
    if not int(str(client.command("exists table meta.schema_migrations"))):
        return {}
    rows = client.query(
        "select version, name, checksum, applied_at"
        " from meta.schema_migrations final order by version"
    ).result_rows
    return {version: (name, checksum, at) for version, name, checksum, at in rows}


def _apply(client: Client, migration: Migration) -> None:
    for number, statement in enumerate(migration.statements, start=1):
        try:
            client.command(statement)
        except ClickHouseError as error:
            raise WarehouseError(
                f"Migration {migration.name} failed at statement {number}"
                f" of {len(migration.statements)}: {first_words(error)}.",
                hint="Mend the file and run `oracul warehouse migrate` again; what ran stays.",
            ) from error
    client.insert(
        "schema_migrations",
        [[migration.version, migration.name, migration.checksum, utc_now()]],
        database="meta",
        column_names=["version", "name", "checksum", "applied_at"],
    )
