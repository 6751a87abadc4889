"""`docs/reference/tables.md`: every table and column, from the migrations and the dbt project."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from oracul.chains import DBT_PROJECT_DIR

MIGRATIONS_DIR = DBT_PROJECT_DIR.parent / "oracul" / "warehouse" / "migrations"
_TABLE = re.compile(
    r"create table if not exists (?P<name>[\w.]+)\n\((?P<columns>.*?)\n\)\n(?P<rest>.*?)comment"
    r" '(?P<comment>(?:[^']|'')*)';",
    re.S,
)
_ALTERED = re.compile(r"alter table (?P<name>[\w.]+)\n(?P<columns>.*?);\n", re.S)
_COLUMN = re.compile(
    r"^    (?:add column if not exists )?(?P<name>\w+) +(?P<type>\w+(?:\((?:[^()]|\([^()]*\))*\))?)"
    r"(?:.*? comment '(?P<comment>(?:[^']|'')*)')?"
)


@dataclass(frozen=True)
class TableText:
    """A table as the page shows it: columns are (name, type, description)."""

    name: str
    description: str
    columns: tuple[tuple[str, str, str], ...]


def tables_page() -> str:
    """Text of the page: people's tables first, then the ledger, then the facts."""
    lines = [
        "# Tables",
        "",
        "People and tools read `marts` and `curated`; only models read `raw`.",
        "",
    ]
    for table in [
        *_modelled("marts"),
        *_modelled("curated"),
        *_migrated("meta"),
        *_migrated("raw"),
    ]:
        lines += [
            f"## {table.name}",
            "",
            table.description,
            "",
            "| column | type | meaning |",
            "|---|---|---|",
        ]
        lines += [f"| `{name}` | {kind} | {text} |" for name, kind, text in table.columns]
        lines.append("")
    return "\n".join(lines)


def _migrated(database: str) -> Iterator[TableText]:
    texts = [path.read_text(encoding="utf-8") for path in sorted(MIGRATIONS_DIR.glob("*.sql"))]
    added: dict[str, tuple[tuple[str, str, str], ...]] = {}
    for text in texts:
        for change in _ALTERED.finditer(text):
            name = change["name"]
            added[name] = added.get(name, ()) + _columns(change["columns"])
    for text in texts:
        for table in _TABLE.finditer(text):
            name = table["name"]
            if name.startswith(f"{database}."):
                columns = _columns(table["columns"]) + added.get(name, ())
                yield TableText(name, _unquoted(table["comment"]), columns)


def _columns(lines: str) -> tuple[tuple[str, str, str], ...]:
    found = [_COLUMN.match(line) for line in lines.splitlines()]
    return tuple(
        (one["name"], f"`{one['type']}`", _unquoted(one["comment"] or "")) for one in found if one
    )


def _unquoted(text: str) -> str:
    return text.replace("''", "'").replace("|", "\\|")


def _modelled(layer: str) -> Iterator[TableText]:
    import yaml

    for path in sorted((DBT_PROJECT_DIR / "models" / layer).rglob("*.yml")):
        for model in (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("models", []):
            yield TableText(
                f"{layer}.{model['name']}",
                " ".join(str(model.get("description", "")).split()),
                tuple(_column(column) for column in model.get("columns", [])),
            )


def _column(column: dict[str, Any]) -> tuple[str, str, str]:
    kind = f"`{column['data_type']}`" if "data_type" in column else ""
    return column["name"], kind, _unquoted(" ".join(str(column.get("description", "")).split()))
