"""Where the embedded warehouse keeps things below ORACUL_HOME, and private atomic writes."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from oracul.errors import WarehouseError
from oracul.folders import make_private
from oracul.settings import Settings
from oracul.warehouse.embedded.config import EngineFiles


@dataclass(frozen=True, slots=True)
class Places:
    """Paths of one home."""

    home: Path

    @property
    def root(self) -> Path:
        """Everything of the warehouse but backups and logs."""
        return self.home / "warehouse"

    @property
    def server(self) -> Path:
        """Who serves this home now."""
        return self.root / "server.json"

    @property
    def passwords(self) -> Path:
        """Passwords of both users."""
        return self.root / "passwords.json"

    @property
    def data_lock(self) -> Path:
        """Held by the process that has the data directory open."""
        return self.root / "data.lock"

    @property
    def start_lock(self) -> Path:
        """Held by the command that is starting a server."""
        return self.root / "start.lock"

    @property
    def scratch(self) -> Path:
        """Request bodies and results that do not fit in memory; emptied at start."""
        return self.root / "scratch"

    @property
    def log(self) -> Path:
        """What a server in the background writes."""
        return self.home / "logs" / "warehouse.log"

    @property
    def engine(self) -> EngineFiles:
        """The engine's own paths."""
        return EngineFiles(
            data=self.root / "data",
            config=self.root / "engine" / "config.xml",
            users=self.root / "engine" / "users.xml",
            backups=self.home / "backups",
            user_files=self.root / "engine" / "user_files",
        )

    def make(self) -> None:
        """Create the directories, readable by their owner only. Raises WarehouseError."""
        engine = self.engine
        wanted = [engine.config.parent, engine.data, engine.user_files, engine.backups]
        try:
            for path in [*wanted, self.scratch, self.log.parent]:
                make_private(path)
            self.root.chmod(0o700)
        except OSError as error:
            raise WarehouseError(
                f"Cannot write below {self.home}: {error.strerror}.",
                hint="Set ORACUL_HOME to a directory that you may write to.",
            ) from None


def places_of(settings: Settings) -> Places:
    """Paths of the home in the settings. Raises WarehouseError when the engine cannot take them."""
    home = settings.home
    if any(mark in str(home) for mark in "?&#%*{}\n"):
        raise WarehouseError(
            f"The engine cannot use a path like {home}.",
            hint="Set ORACUL_HOME to a path without ? & # % * { }.",
        )
    return Places(home)


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step; only its owner may read it."""
    with PrivateDraft(path) as draft:
        draft.publish(text)


class PrivateDraft:
    """A file that is open for writing now and takes its name later, readable by its owner only."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        self._handle = os.open(self._draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Leave nothing behind that was not published."""
        os.close(self._handle)
        self._draft.unlink(missing_ok=True)

    def publish(self, text: str) -> None:
        """Write the text and give the file its name, in one step for those who read it."""
        with os.fdopen(self._handle, "w", closefd=False) as file:
            file.write(text)
            file.flush()
            os.fsync(self._handle)
        self._draft.replace(self._path)
