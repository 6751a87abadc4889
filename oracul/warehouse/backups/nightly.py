"""The backup of a night: taken, copied to another place, old chains given up."""

import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from clickhouse_connect.driver.client import Client

from oracul.errors import BackupDamaged, ConfigError
from oracul.progress import Progress, Silent
from oracul.settings import Settings
from oracul.units import plural
from oracul.warehouse.backups.catalog import Known, catalog
from oracul.warehouse.backups.chains import NIGHTLY, is_due, is_full_due, old_chains
from oracul.warehouse.backups.files import Folder, damaged_files, folder_of, refuse_without_space
from oracul.warehouse.backups.restoring import verify
from oracul.warehouse.backups.taking import take
from oracul.warehouse.build_lock import backup_lock

HERE = "here"


@dataclass(frozen=True)
class Night:
    """What was done: the backup taken (None = not due), what it stands on, copies, chains gone.

    `left` counts old chains that only the server can delete.
    """

    name: str | None
    base: str | None
    copied: int
    gone: int
    left: int

    @property
    def sentence(self) -> str:
        """One line for people; empty when nothing was due."""
        told = []
        if self.name:
            told.append(f"backed up as {self.name}" + (f" on {self.base}" if self.base else ""))
        if self.copied:
            told.append(f"copied {plural(self.copied, 'backup')}")
        if self.gone:
            told.append(f"given up {plural(self.gone, 'old chain')} of backups")
        if self.left:
            told.append(f"left {plural(self.left, 'old chain')} of backups on the server")
        return ", ".join(told)


def back_up(
    settings: Settings,
    client: Client,
    now: datetime,
    *,
    is_rehearsal: bool = False,
    progress: Progress | None = None,
) -> Night:
    """Take tonight's backup when it is due, copy what is not copied, give up old chains.

    An old chain goes only once the newest backup was restored beside and compared. Running it again
    goes on where it stopped. Raises ConfigError for a place that cannot be reached, WarehouseError
    as `take` and `verify` do.
    """
    bar, folder = progress or Silent(), folder_of(settings)
    listed = catalog(client, settings)
    name, base = None, None
    if is_due(listed, now):
        name = f"{NIGHTLY}{now:%Y-%m-%dT%H%M%S}"
        is_full = is_full_due(listed, now)
        if is_rehearsal:
            base = None if is_full else next(one.name for one in listed if one.is_usable)
        else:
            base = take(settings, client, name, incremental=not is_full, progress=bar).base
            listed = catalog(client, settings)
    place = _place(settings, folder)
    copied = _copy(settings, folder, place, listed, bar, is_rehearsal)
    gone, left = _give_up(settings, client, folder, place, listed, bar, is_rehearsal)
    return Night(name, base, copied, gone, left)


def _place(settings: Settings, folder: Folder | None) -> Folder | None:
    """Where copies go; None for none."""
    asked = settings.maintenance.backup_place
    if asked in (None, HERE):
        return None
    if folder is None:
        raise ConfigError(
            "The files of a server's backups cannot be copied from here.",
            hint="Set ORACUL_MAINTENANCE__BACKUP_PLACE=here and let the server's disk of backups be"
            " another one than that of its data.",
        )
    path = Path(str(asked))
    if not path.is_dir():
        raise ConfigError(
            f"There is no folder {path} for copies of backups.",
            hint="Make it, or mount its disk: it is not made here, so that a missing disk shows.",
        )
    return Folder(path)


def _copy(
    settings: Settings,
    folder: Folder | None,
    place: Folder | None,
    listed: list[Known],
    bar: Progress,
    is_rehearsal: bool,
) -> int:
    """Copy usable backups that are not in `place` yet; each is there whole and compared, or not."""
    if folder is None or place is None:
        return 0
    lacking = [one for one in reversed(listed) if one.is_usable and not place.has(one.name)]
    if is_rehearsal:
        return len(lacking)
    draft = Folder(place.path / ".part")
    with backup_lock(settings.home):
        for one in lacking:
            refuse_without_space(place.path, one.own_bytes, f"A copy of {one.name}")
            shutil.rmtree(draft.path, ignore_errors=True)
            shutil.copytree(folder.of(one.name), draft.of(one.name))
            if has_digests := folder.digests(one.name).is_file():
                shutil.copy2(folder.digests(one.name), draft.digests(one.name))
            if faults := damaged_files(draft, one.name, bar):
                raise BackupDamaged(
                    f"The copy of {one.name} is not what it should be: {faults[0]}.",
                    hint=f"`oracul warehouse backups --verify {one.name}` tells whether the backup"
                    " itself is damaged; if it is not, look at the disk of the copies.",
                )
            if has_digests:
                draft.digests(one.name).replace(place.digests(one.name))
            shutil.rmtree(place.of(one.name), ignore_errors=True)
            draft.of(one.name).replace(place.of(one.name))
    shutil.rmtree(draft.path, ignore_errors=True)
    return len(lacking)


def _give_up(
    settings: Settings,
    client: Client,
    folder: Folder | None,
    place: Folder | None,
    listed: list[Known],
    bar: Progress,
    is_rehearsal: bool,
) -> tuple[int, int]:
    """Chains that were given up, and those that only the server can delete."""
    old = old_chains(listed, settings.maintenance.backup_chains)
    if folder is None:
        return 0, len(old)
    if not old or is_rehearsal:
        return len(old), 0
    newest = next(one for one in listed if one.is_usable)
    if newest.verdict != "sound":
        verify(settings, client, newest.name, progress=bar)
    with backup_lock(settings.home):
        for one in old:
            # What stands on others goes first: an interrupted night leaves a shorter, whole chain.
            for member in reversed(one.members):
                if place is not None:
                    forget(place, member.name)
                forget(folder, member.name)
    return len(old), 0


def forget(folder: Folder, name: str) -> None:
    """Delete a backup; what is left of an interrupted deletion counts as unfinished."""
    folder.digests(name).unlink(missing_ok=True)
    (folder.of(name) / ".backup").unlink(missing_ok=True)
    if folder.of(name).is_dir():
        shutil.rmtree(folder.of(name))
