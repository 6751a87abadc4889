"""The files of a backup on this machine: their digests, kept beside it and compared.

Only for the embedded warehouse, whose backups are in ORACUL_HOME. A server's disks are its own:
there the manifest inside the backup is what restores are held to.
"""

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from oracul.errors import WarehouseError
from oracul.progress import Progress
from oracul.settings import Settings

_MB = 1_000_000
_LIST = ".files.json"


@dataclass(frozen=True, slots=True)
class Folder:
    """The directory of backups of an embedded warehouse."""

    path: Path

    def of(self, name: str) -> Path:
        """The backup `name`."""
        return self.path / name

    def digests(self, name: str) -> Path:
        """Our list of the files of `name`."""
        return self.path / f"{name}{_LIST}"

    def has(self, name: str) -> bool:
        """Whether it is there and was finished: both lists of files are written last."""
        own = self.of(name) / ".backup"
        return own.is_file() or (own.parent.is_dir() and self.digests(name).is_file())

    def names(self) -> list[str]:
        """All finished backups."""
        if not self.path.is_dir():
            return []
        return sorted(one.name for one in self.path.iterdir() if self.has(one.name))

    def unfinished(self) -> list[str]:
        """Folders in which no backup ended: of a process that was killed."""
        if not self.path.is_dir():
            return []
        return sorted(
            one.name for one in self.path.iterdir() if one.is_dir() and not self.has(one.name)
        )


def folder_of(settings: Settings) -> Folder | None:
    """Where backups are, when that is on this machine."""
    return Folder(settings.home / "backups") if settings.is_embedded else None


def write_digests(folder: Folder, name: str, bar: Progress) -> None:
    """Note the size and SHA-256 of every file of the backup beside it."""
    text = json.dumps(_digests(folder.of(name), bar), indent=0)
    draft = folder.path / f".{name}{_LIST}"
    draft.write_text(text, encoding="utf-8")
    draft.replace(folder.digests(name))


def damaged_files(folder: Folder, name: str, bar: Progress) -> list[str]:
    """What is wrong with files of the backup, each as `<file> is missing`; empty when nothing is.

    A backup without its list (copied alone) is not looked at.
    """
    listed = folder.digests(name)
    if not listed.is_file():
        return []
    try:
        known: dict[str, list[object]] = json.loads(listed.read_text(encoding="utf-8"))
        wanted = {file: tuple(told) for file, told in known.items()}
    except (ValueError, AttributeError, TypeError):
        return [f"the list of its files, {listed.name}, cannot be read"]
    found = {file: tuple(told) for file, told in _digests(folder.of(name), bar).items()}
    told = [f"{file} is missing" for file in sorted(wanted.keys() - found.keys())]
    told += [f"{file} is not its own" for file in sorted(found.keys() - wanted.keys())]
    for file in sorted(wanted.keys() & found.keys()):
        if wanted[file] != found[file]:
            is_cut = wanted[file][0] != found[file][0]
            told.append(f"{file} has another {'size' if is_cut else 'content'}")
    return told


def table_of(fault: str) -> str | None:
    """`database.table` that a file of a fault belongs to; None for the backup's own."""
    parts = fault.partition(" ")[0].split("/")
    return f"{parts[1]}.{parts[2].removesuffix('.sql')}" if len(parts) > 2 else None


def refuse_without_space(path: Path, needed_bytes: int, what: str) -> None:
    """Raise WarehouseError when the disk of `path` has less than this and a tenth of it."""
    near = next(one for one in (path, *path.parents) if one.exists())
    free = shutil.disk_usage(near).free
    if free < needed_bytes * 1.1:
        raise WarehouseError(
            f"{what} needs about {needed_bytes * 1.1 / _MB:,.0f} MB on the disk of {path}, which"
            f" has {free / _MB:,.0f} MB.",
            hint="Make room and type the same command again. Nothing was changed.",
        )


def _digests(root: Path, bar: Progress) -> dict[str, list[object]]:
    files = sorted(path for path in root.rglob("*") if path.is_file())
    bar.start("Reading files", len(files), "files")
    found: dict[str, list[object]] = {}
    for path in files:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        found[path.relative_to(root).as_posix()] = [path.stat().st_size, digest]
        bar.advance(1)
    bar.finish()
    return found
