"""Backups of the whole warehouse, and restores that are believed only after they were checked.

A backup lands in the server's `backups.allowed_path` (embedded: `<home>/backups`). With it goes a
manifest of its tables with row counts and content hashes, because RESTORE calls damaged data a
success. On the embedded warehouse a list of all files with their digests lies beside it.
"""

from oracul.warehouse.backups.catalog import Known, catalog, unfinished
from oracul.warehouse.backups.leftovers import remove_leftovers
from oracul.warehouse.backups.manifest import Manifest, TableContent
from oracul.warehouse.backups.nightly import Night, back_up
from oracul.warehouse.backups.restoring import Restored, restore, verify
from oracul.warehouse.backups.taking import take

__all__ = [
    "Known",
    "Manifest",
    "Night",
    "Restored",
    "TableContent",
    "back_up",
    "catalog",
    "remove_leftovers",
    "restore",
    "take",
    "unfinished",
    "verify",
]
