"""What a dbt command of a person is told besides: where it builds, and what it is compared with.

`--target dev` builds into schemas that carry the developer's name and reads everything that it does
not build from the published tables, so that nobody has to know `--defer`, `--favor-state` and
`--state`.
"""

import getpass
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from oracul.chains import DBT_PROJECT_DIR
from oracul.errors import ConfigError
from oracul.settings import Settings
from oracul.warehouse.dbt_state import is_kept, state_dir

DEV = "dev"
DEV_NAME = "ORACUL_DBT_DEV_NAME"
BUILDING = frozenset({"build", "retry", "run", "seed"})
_READING = BUILDING | {"compile", "list", "ls", "show", "snapshot", "test"}


@dataclass(frozen=True)
class Command:
    """A dbt command as it was typed."""

    args: tuple[str, ...]

    @property
    def is_dev(self) -> bool:
        """Whether it works in the schemas of a developer."""
        return self.option("--target", "-t", "DBT_TARGET") == DEV

    @property
    def target_path(self) -> Path:
        """Where dbt leaves its files; those of `dev` apart, else each change of the target would
        cost a whole parse.
        """
        given = self.option("--target-path", "", "DBT_TARGET_PATH")
        if given:
            return DBT_PROJECT_DIR / given
        return DBT_PROJECT_DIR / "target" / DEV if self.is_dev else DBT_PROJECT_DIR / "target"

    def is_one_of(self, verbs: frozenset[str]) -> bool:
        """Whether it is one of these commands of dbt."""
        return not verbs.isdisjoint(self.args)

    def option(self, name: str, short: str, variable: str) -> str:
        """The value of an option, else of the variable that dbt reads it from, else empty."""
        for place, word in enumerate(self.args):
            if word in (name, short):
                return "".join(self.args[place + 1 : place + 2])
            if word.startswith(f"{name}="):
                return word.partition("=")[2]
        return os.environ.get(variable, "")

    def environment(self, settings: Settings) -> dict[str, str]:
        """Variables for dbt, where neither the shell nor the command says something else.

        Raises ConfigError when it wants the published tables and nothing was published yet.
        """
        found = {"DBT_TARGET_PATH": str(self.target_path)}
        if self.is_dev and not os.environ.get(DEV_NAME):
            with suppress(OSError, KeyError):  # a container's user may have no name
                found[DEV_NAME] = getpass.getuser()
        asks = any("state:" in word for word in self.args)
        defers = self.is_dev and self.is_one_of(_READING) and "--no-defer" not in self.args
        if (asks or defers) and not self.option("--state", "", "DBT_STATE"):
            _refuse_nothing_kept(settings)
            found["DBT_STATE"] = str(state_dir(settings.home))
        if defers:
            found |= {"DBT_DEFER": "1", "DBT_FAVOR_STATE": "1"}
        return found


def _refuse_nothing_kept(settings: Settings) -> None:
    if not is_kept(settings.home):
        raise ConfigError(
            "Nothing was published from this home yet that models could be compared with.",
            hint="Say `oracul transform` (or `make demo`) once. For tables that another machine "
            "publishes: copy dbt/state of its ORACUL_HOME, and name it with --state FOLDER.",
        )
