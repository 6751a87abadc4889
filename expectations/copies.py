"""A copy of the Data Docs as they are now, to be put with other pages or carried elsewhere."""

import json
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from expectations.checkpoints import DOCS_FOLDER
from expectations.docs import DOORS, RESULTS_FILE
from oracul.settings import Settings

_RESULTS = "validations"


@dataclass(frozen=True)
class LastRun:
    """How the last run of a door ended, for a line of text. `checked_at` is as its pages say it."""

    title: str
    checked_at: str
    checks: int
    passed: int


def copy_last_runs(settings: Settings, into: Path) -> tuple[LastRun, ...]:
    """Copy the pages that the index leads to into a folder; nothing where no door was run yet.

    Pages of earlier runs stay behind: there may be two weeks of them.
    """
    docs_dir = settings.home / DOCS_FOLDER
    if not (docs_dir / "index.html").is_file():
        return ()
    for page in docs_dir.rglob("*"):
        place = page.relative_to(docs_dir)
        if page.is_file() and _RESULTS not in place.parts and page.name != RESULTS_FILE:
            _copy(docs_dir, into, place)
    runs = []
    for door, title in DOORS.items():
        results = docs_dir / door / RESULTS_FILE
        if not results.is_file():
            continue
        run = json.loads(results.read_text(encoding="utf-8"))
        for result in run["pages"].values():
            _copy(docs_dir, into, Path(result))
        passed = sum(row["status"] == "pass" for row in run["rows"])
        runs.append(LastRun(title, run["checked_at"], len(run["rows"]), passed))
    return tuple(runs)


def _copy(docs_dir: Path, into: Path, place: Path) -> None:
    """Copy a page; a door that is run meanwhile may just have taken it away."""
    (into / place).parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileNotFoundError):
        shutil.copyfile(docs_dir / place, into / place)
