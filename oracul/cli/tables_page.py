"""`docs/reference/tables.md`: every table and column, from the migrations and the dbt project."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from oracul.chains import DBT_PROJECT_DIR

MIGRATIONS_DIR = DBT_PROJECT_DIR.parent / "oracul" / "warehouse" / "migrations"
_TABLE = re.compile(
    r"create table if not exists (?P<name>[\w.]+)\n\((?P<columns>.*?)\n\)\n(?P<rest>.*?)comment"
    r" '(?P<comment>(?:[^']|'')*)';",
    re.S,
)
_ALTERED = re.compile(r"alter table (?P<name>[\w.]+)\n(?P<columns>.*?);\n", re.S)
_COMMENTED = re.compile(
    r"alter table (?P<name>[\w.]+) comment column (?P<column>\w+) '(?P<comment>(?:[^']|'')*)';"
)
_RENAMED = re.compile(r"rename table (?:if exists )?(?P<pairs>[^;]+);")
_DROPPED = re.compile(r"drop table (?:if exists )?(?P<name>[\w.]+);")
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
        *modelled("marts"),
        *modelled("curated"),
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
    tables: dict[str, TableText] = {}
    for path in sorted(MIGRATIONS_DIR.glob("*.sql")):
        text = path.read_text(encoding="utf-8")
        kinds = (_TABLE, _ALTERED, _COMMENTED, _RENAMED, _DROPPED)
        found = (match for kind in kinds for match in kind.finditer(text))
        for change in sorted(found, key=lambda match: match.start()):
            _apply(tables, change)
    yield from (table for name, table in tables.items() if name.startswith(f"{database}."))


def _apply(tables: dict[str, TableText], change: re.Match[str]) -> None:
    """What a statement of a migration does to the tables that there are."""
    if change.re is _TABLE:
        name, comment = change["name"], _unquoted(change["comment"])
        tables[name] = TableText(name, comment, _columns(change["columns"]))
    elif change.re is _ALTERED:
        table = tables[change["name"]]
        tables[table.name] = replace(table, columns=table.columns + _columns(change["columns"]))
    elif change.re is _COMMENTED:
        table, text = tables[change["name"]], _unquoted(change["comment"])
        columns = tuple(
            (name, kind, text if name == change["column"] else before)
            for name, kind, before in table.columns
        )
        tables[table.name] = replace(table, columns=columns)
    elif change.re is _RENAMED:
        for pair in change["pairs"].split(","):
            before, after = pair.split(" to ")
            tables[after.strip()] = replace(tables.pop(before.strip()), name=after.strip())
    else:
        tables.pop(change["name"], None)


def _columns(lines: str) -> tuple[tuple[str, str, str], ...]:
    found = [_COLUMN.match(line) for line in lines.splitlines()]
    return tuple(
        (one["name"], f"`{one['type']}`", _unquoted(one["comment"] or "")) for one in found if one
    )


def _unquoted(text: str) -> str:
    return text.replace("''", "'").replace("|", "\\|")


def modelled(layer: str) -> Iterator[TableText]:
    """Tables of a folder of models, as their `.yml` files describe them."""
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
