"""Folders below ORACUL_HOME."""

from pathlib import Path


def make_private(folder: Path) -> None:
    """Make a folder and those above it that are missing, open to their owner only (mode 0700).

    `mkdir(parents=True, mode=…)` gives the mode to the last one alone. Raises OSError.
    """
    for missing in [one for one in (folder, *folder.parents) if not one.exists()][::-1]:
        missing.mkdir(mode=0o700, exist_ok=True)
