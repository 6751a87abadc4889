"""What a backup says of itself: a JSON document in a table of its own inside the backup."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from oracul.errors import BackupDamaged, WarehouseError

# Another number means that the document is to be read in another way.
FORMAT = 1
MANIFEST = "backup_manifest"


@dataclass(frozen=True, slots=True)
class TableContent:
    """What one table held. `content_hash` does not depend on the order of rows or on merges.

    `definition` is its CREATE statement without its name, `size_bytes` what its parts took on disk.
    """

    database: str
    table: str
    definition: str
    rows: int
    size_bytes: int
    content_hash: int

    @property
    def name(self) -> str:
        """With its database."""
        return f"{self.database}.{self.table}"


@dataclass(frozen=True, slots=True)
class Manifest:
    """One backup: when and by what it was taken, on which `base`, and what is in it.

    `schema_version` is the newest migration; `databases` are comments by name, `views` statements
    by name; views hold no rows and are made anew.
    """

    name: str
    base: str | None
    taken_at: datetime
    oracul: str
    clickhouse: str
    schema_version: int
    databases: Mapping[str, str]
    views: Mapping[str, str]
    tables: tuple[TableContent, ...]

    @property
    def rows(self) -> int:
        """Of all tables."""
        return sum(table.rows for table in self.tables)

    @property
    def size_bytes(self) -> int:
        """What the tables took on disk, and will take again."""
        return sum(table.size_bytes for table in self.tables)


def to_text(manifest: Manifest) -> str:
    """The document."""
    known = asdict(manifest) | {"taken_at": manifest.taken_at.isoformat(), "format": FORMAT}
    return json.dumps(known)


def from_text(text: str, name: str) -> Manifest:
    """The manifest of the backup `name`. Raises WarehouseError for the format of another version,
    BackupDamaged when it is no manifest."""
    try:
        known: dict[str, Any] = json.loads(text)
        if known.pop("format") != FORMAT:
            raise WarehouseError(
                f"Backup {name} was made by Oracul {known['oracul']}, in a format that this version"
                " does not know.",
                hint="Restore it with that version.",
            )
        tables = tuple(TableContent(**table) for table in known.pop("tables"))
        taken_at = datetime.fromisoformat(known.pop("taken_at"))
        return Manifest(tables=tables, taken_at=taken_at, **known)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackupDamaged(
            f"Backup {name} is damaged: its manifest cannot be read ({type(error).__name__}).",
            hint="Nothing was changed. Restore another one: `oracul warehouse backups`.",
        ) from error
