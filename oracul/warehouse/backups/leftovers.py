"""What backups and restores that were killed have left: folders, lists of files, databases."""

import shutil
from pathlib import Path

from clickhouse_connect.driver.client import Client

from oracul.settings import Settings
from oracul.warehouse.backups.drafts import MANIFESTS, REPLACED, RESTORED, SNAPSHOT
from oracul.warehouse.backups.files import Folder, folder_of
from oracul.warehouse.build_lock import backup_lock

_LIST = ".files.json"


def remove_leftovers(settings: Settings, client: Client, *, is_rehearsal: bool = False) -> int:
    """Delete them, and say how many there were. Waits for a backup that is running.

    While a restore was cut short in the middle of putting tables in place, its databases stay: the
    same restore, said again, needs them.
    """
    with backup_lock(settings.home):
        databases = _databases(client)
        paths = _paths(folder_of(settings))
        if not is_rehearsal:
            for database in databases:
                client.command(f"drop database if exists {database} sync")
            for path in paths:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
    return len(databases) + len(paths)


def _databases(client: Client) -> list[str]:
    found = {row[0] for row in client.query("select name from system.databases").result_rows}
    own = {SNAPSHOT, MANIFESTS} if REPLACED in found else {SNAPSHOT, MANIFESTS, RESTORED}
    return sorted(found & own)


def _paths(folder: Folder | None) -> list[Path]:
    """Unfinished backups, and lists of files whose backup is gone."""
    if folder is None or not folder.path.is_dir():
        return []
    lists = [one for one in folder.path.iterdir() if one.name.endswith(_LIST)]
    widowed = [one for one in lists if not folder.has(one.name.removesuffix(_LIST))]
    return [*(folder.of(name) for name in folder.unfinished()), *sorted(widowed)]
