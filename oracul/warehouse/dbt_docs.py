"""dbt's documentation of the models as one page that needs no network and names no machine."""

import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from oracul.chains import DBT_PROJECT_DIR
from oracul.errors import WarehouseError
from oracul.settings import Settings
from oracul.warehouse.client import connect
from oracul.warehouse.dbt import in_one_line, run_quietly

# Its script is one file with the page, and AngularJS makes functions of text.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline';"
    " img-src data:; font-src data:; base-uri 'none'; form-action 'none'"
)
_HEAD_LINK = re.compile(r"<link rel=\"(?:canonical|shortcut icon)\"[^>]*>")


@dataclass(frozen=True)
class ModelDocs:
    """The page, and what it tells of by kind (`model`, `source`, `exposure`, `test`, …)."""

    page: str
    counts: Counter[str]


def model_docs(settings: Settings) -> ModelDocs:
    """Let dbt describe the project and the warehouse: columns, tests, compiled SQL, lineage.

    Reads only, so it can run beside builds. Raises WarehouseError when dbt cannot.
    """
    connect(settings).close()  # says better than dbt what is wrong
    written = settings.home / "dbt" / "docs"
    outcome = run_quietly(settings, ["docs", "generate", "--static"], written)
    if not outcome.success:
        why = in_one_line(str(outcome.exception or "the catalog is not whole"))
        raise WarehouseError(
            f"dbt could not write its documentation: {why}.",
            hint="`oracul dbt docs generate` shows the whole message.",
        )
    page = (written / "static_index.html").read_text(encoding="utf-8")
    manifest = json.loads((written / "manifest.json").read_text(encoding="utf-8"))
    return ModelDocs(offline(page, written, DBT_PROJECT_DIR), _counts(manifest))


def offline(page: str, *folders: Path) -> str:
    """The page with nothing loaded from elsewhere, and without the names of these folders."""
    for folder in folders:
        page = page.replace(f"{folder}/", "").replace(str(folder), "")
    # The browser would ask for pictures of these names before the template is filled.
    page = page.replace('xlink:href="{{', 'xlink:href="#" ng-attr-xlink:href="{{')
    policy = f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    return _HEAD_LINK.sub("", page).replace("<head>", f"<head>{policy}", 1)


def _counts(manifest: dict[str, dict[str, dict[str, str]]]) -> Counter[str]:
    kinds = ("nodes", "sources", "exposures")
    return Counter(one["resource_type"] for kind in kinds for one in manifest[kind].values())
