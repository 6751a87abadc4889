"""Giving up result pages of the Data Docs that no index leads to any more."""

import json
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

from expectations.checkpoints import DOCS_FOLDER
from expectations.docs import DOORS, RESULTS_FILE
from oracul.settings import Settings

# The folder of a run's pages is called after the run, and a run's id begins with its time.
_RUN = re.compile(r"(\d{8}T\d{6})-[0-9a-f]+")


def remove_old_pages(settings: Settings, before: datetime, *, is_rehearsal: bool = False) -> int:
    """Delete pages of runs that began before an instant, those of each door's last run excepted.

    Returns how many. What the checks found stays in `meta.data_quality_checks`.
    """
    docs_dir, removed = settings.home / DOCS_FOLDER, 0
    for door in DOORS:
        shown = _shown(docs_dir, docs_dir / door)
        for folder in (docs_dir / door / "validations").glob("*/*/*"):
            pages = [page.relative_to(docs_dir).as_posix() for page in folder.rglob("*.html")]
            if _is_older(folder.name, before) and shown.isdisjoint(pages):
                removed += len(pages)
                if not is_rehearsal:
                    shutil.rmtree(folder)
    return removed


def _shown(docs_dir: Path, door_dir: Path) -> set[str]:
    """Pages that the index leads to."""
    file = door_dir / RESULTS_FILE
    if not file.is_file():
        return set()
    return set(json.loads(file.read_text(encoding="utf-8"))["pages"].values())


def _is_older(run: str, before: datetime) -> bool:
    found = _RUN.fullmatch(run)
    if found is None:
        return False
    return datetime.strptime(found[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC) < before
