"""Data Docs that look right without a network: an index of our own, and Great Expectations' pages
freed from the eleven addresses they load their looks from.
"""

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from hashlib import sha256
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any

from expectations.inert import inert
from expectations.results import CheckRow
from oracul.folders import make_private

PAGES_DIR = Path(__file__).with_name("pages")
RESULTS_FILE = "checks.json"
DOORS = {"raw": "Door 1: what was landed", "marts": "Door 2: what people read"}
_MARKS = {"pass": "✔ passed", "warn": "⚠ warning", "fail": "✘ failed"}

_REMOTE = re.compile(r"<link\b[^>]*\bhref=[\"']https?://[^>]*>", re.I)
_SCRIPT = re.compile(r"<script\b.*?</script\s*>", re.I | re.S)
_REMOTE_IMAGE = re.compile(r"<img\b[^>]*\bsrc=[\"']https?://[^>]*>", re.I | re.S)
_REMOTE_STYLE = re.compile(r"url\([\"']?https?://[^)]*\)", re.I)
_FOOTER = re.compile(r"<footer\b.*?</footer\s*>", re.I | re.S)
_REMOTE_ANCHOR = re.compile(r"<a\b[^>]*\bhref=[\"']https?://[^>]*>(.*?)</a\s*>", re.I | re.S)


def write_docs(
    docs_dir: Path, door: str, rows: Sequence[CheckRow], *, run_id: str, now: datetime
) -> Path:
    """Make the pages Great Expectations wrote into `docs_dir/<door>` work offline, and the index.

    Returns the index. It shows the last run of each door; results over time are in
    `meta.data_quality_checks`.
    """
    door_dir = docs_dir / door
    make_private(door_dir)
    for page in door_dir.rglob("*.html"):
        page.write_text(offline(page.read_text(encoding="utf-8")), encoding="utf-8")
    for unused in door_dir.glob("static/**/*"):  # 4 MB of pictures of a tour, fonts, remote styles
        if unused.is_file() and unused.name != "favicon.ico":
            unused.unlink()
    # The pages' way home leads to the index of their door, which needs bootstrap-table: to ours.
    door_dir.joinpath("index.html").write_text(
        '<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0;'
        ' url=../index.html"><a href="../index.html">Data quality</a>\n',
        encoding="utf-8",
    )
    facts = {
        "run_id": run_id,
        "checked_at": f"{now:%Y-%m-%d %H:%M} UTC",
        "rows": [asdict(row) for row in rows],
        "pages": _pages(docs_dir, door_dir, {row.table for row in rows}),
    }
    door_dir.joinpath(RESULTS_FILE).write_text(json.dumps(facts, indent=1), encoding="utf-8")
    index = docs_dir / "index.html"
    index.write_text(index_page(_last_runs(docs_dir)), encoding="utf-8")
    return index


def offline(page: str) -> str:
    """A page of Great Expectations without anything from elsewhere, with our looks instead."""
    for remote in (_SCRIPT, _REMOTE, _FOOTER):
        page = remote.sub("", page)
    page = _REMOTE_IMAGE.sub("<span>Oracul · data quality</span>", page)
    page = _REMOTE_STYLE.sub("none", page)
    page = inert(_REMOTE_ANCHOR.sub(r"\1", page))
    style, script = asset("docs.css"), asset("docs.js")
    page = page.replace("</head>", f"<style>{style}</style>\n<script>{script}</script>\n</head>", 1)
    return re.sub(r"<head[^>]*>", lambda head: f"{head[0]}\n{_policy()}", page, count=1)


def _policy() -> str:
    """Nothing on a page runs but our own script, nothing is fetched, whatever a token is named."""
    own = b64encode(sha256(asset("docs.js").encode()).digest()).decode()
    rules = (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{own}'; img-src 'self'"
    )
    return f'<meta http-equiv="Content-Security-Policy" content="{rules}">'


def index_page(runs: Mapping[str, Mapping[str, Any]]) -> str:
    """The first page: every check of the last run of each door."""
    sections = "\n".join(_section(DOORS[door], run) for door, run in runs.items())
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n{_policy()}\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Oracul data quality</title>\n<style>{asset('docs.css')}</style>\n</head>\n"
        f"<body>\n<main>\n<h1>Data quality</h1>\n{sections}\n</main>\n</body>\n</html>\n"
    )


def _section(title: str, run: Mapping[str, Any]) -> str:
    rows = run["rows"]
    counted = ", ".join(
        f'<span class="{status}">{sum(r["status"] == status for r in rows)} {word[2:]}</span>'
        for status, word in _MARKS.items()
    )
    body = "\n".join(
        _table_rows(table, list(checks), run["pages"].get(table))
        for table, checks in groupby(rows, key=lambda row: row["table"])
    )
    return (
        f"<section>\n<h2>{escape(title)}</h2>\n"
        f'<p class="facts">{counted}. Run {escape(run["run_id"])}, {escape(run["checked_at"])}.</p>'
        "\n<table>\n<thead><tr><th>Result</th><th>Check</th><th>Expected</th><th>Observed</th>"
        f"<th>Severity</th></tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>\n</section>"
    )


def _table_rows(table: str, rows: Iterable[Mapping[str, Any]], page: str | None) -> str:
    name = f'<a href="{escape(page)}">{escape(table)}</a>' if page else escape(table)
    lines = [f'<tr class="group"><td colspan="5">{name}</td></tr>']
    lines += [
        f'<tr><td class="state {row["status"]}">{_MARKS[row["status"]]}</td>'
        f"<td>{escape(row['check'].replace('_', ' '))}</td><td>{escape(row['expected'])}</td>"
        f"<td>{escape(row['observed'])}{_examples(row['details'])}</td>"
        f"<td>{escape(row['severity'])}</td></tr>"
        for row in rows
    ]
    return "\n".join(lines)


def _examples(details: str) -> str:
    if not details:
        return ""
    return f"<details><summary>examples</summary><pre>{escape(details)}</pre></details>"


def _pages(docs_dir: Path, door_dir: Path, tables: Iterable[str]) -> dict[str, str]:
    """Where the result page of each table is, seen from the index."""
    found = {}
    for table in tables:
        folder = door_dir.joinpath("validations", *table.split("."))
        for page in sorted(folder.rglob("*.html")):
            found[table] = page.relative_to(docs_dir).as_posix()
    return found


def _last_runs(docs_dir: Path) -> dict[str, Any]:
    runs = {}
    for door in DOORS:
        file = docs_dir / door / RESULTS_FILE
        if file.is_file():
            runs[door] = json.loads(file.read_text(encoding="utf-8"))
    return runs


def asset(name: str) -> str:
    """Text of a style or script of our own."""
    return PAGES_DIR.joinpath(name).read_text(encoding="utf-8")
