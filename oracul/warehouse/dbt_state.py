"""What the published tables were built from: dbt's manifest of it, kept in `<home>/dbt/state`.

Whoever edits models compares with it (`state:modified+`), and reads the published tables where
nothing was edited (`--defer`). The main job builds beside (see `publish`): its manifest waits in
`<home>/dbt/next` until what it built is published.
"""

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from oracul.folders import make_private
from oracul.warehouse.embedded.files import write_private

MANIFEST = "manifest.json"


def state_dir(home: Path) -> Path:
    """The folder that dbt's `--state` takes."""
    return home / "dbt" / "state"


def is_kept(home: Path) -> bool:
    """Whether anything was published yet that one could compare with."""
    return (state_dir(home) / MANIFEST).is_file()


def keep_next(home: Path, written: Path, *, beside: str, published: str) -> None:
    """Set aside the manifest of a build in the schema `beside`, as if it were in `published`."""
    manifest = _read(written)
    for node in manifest["nodes"].values():
        if node["schema"] == beside:
            node["schema"] = published
            node["relation_name"] = (node.get("relation_name") or "").replace(beside, published)
    _write(home / "dbt" / "next", manifest)


def publish_state(home: Path) -> None:
    """What was set aside is what people read now; nothing happens when nothing was."""
    waiting = home / "dbt" / "next" / MANIFEST
    if waiting.is_file():
        make_private(state_dir(home))
        waiting.replace(state_dir(home) / MANIFEST)


def keep_built(home: Path, written: Path, done: Collection[str]) -> None:
    """Keep what a build by hand put into the published tables: the nodes `done`, by unique id.

    Of a build that left some out the others stay as they were, and so do the macros: one that was
    edited may be in them too. With nothing kept before, only a whole build counts.
    """
    manifest = _read(written)
    tables = {
        name
        for name, node in manifest["nodes"].items()
        if node["resource_type"] in ("model", "seed")
    }
    if tables <= set(done):
        _write(state_dir(home), manifest)
    elif is_kept(home):
        before = _read(state_dir(home) / MANIFEST)
        for kind in ("nodes", "unit_tests"):
            before[kind] |= {name: one for name, one in manifest[kind].items() if name in done}
        _write(state_dir(home), before)


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _write(folder: Path, manifest: dict[str, Any]) -> None:
    make_private(folder)
    write_private(folder / MANIFEST, json.dumps(manifest))
