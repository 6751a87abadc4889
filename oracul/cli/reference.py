"""Pages that are written from code: `.env.example`, the settings page and the commands page.

`python -m oracul.cli.reference` writes them, `--check` says which are stale and leaves with 1.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from oracul.chains import PROJECT_ROOT
from oracul.cli.tables_page import modelled, tables_page
from oracul.settings import ChainSettings, ChannelSettings, Settings
from oracul.variables import variable_name

# Groups by a name that the operator chooses, and the name that stands for it.
EXAMPLES = {
    ("chains",): (ChainSettings, "ethereum"),
    ("alerts", "channels"): (ChannelSettings, "ops"),
}


def setting_rows(
    model: type[BaseModel] = Settings, path: tuple[str, ...] = ()
) -> Iterator[tuple[str, str, str, str]]:
    """(variable, group, default as text, description) of every setting, in order."""
    for name, field in model.model_fields.items():
        here = (*path, name)
        inner = field.annotation
        if here in EXAMPLES:
            inner, example = EXAMPLES[here]
            yield from setting_rows(inner, (*here, example))
        elif isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from setting_rows(inner, here)
        else:
            yield variable_name(here), ".".join(path), _default(field), field.description or ""


def _default(field: FieldInfo) -> str:
    value: Any = None if field.is_required() else field.get_default(call_default_factory=True)
    if value is None or value == []:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def env_example() -> str:
    """Text of `.env.example`: each setting commented out with its default."""
    lines = [
        "# Every setting of Oracul with its default. Copy to .env and uncomment what you change.",
        "# Written by `python -m oracul.cli.reference` from oracul/settings.py.",
    ]
    group = "?"
    for variable, its_group, default, description in setting_rows():
        if its_group != group:
            group = its_group
            lines += ["", f"# --- {group or 'general'}"]
        lines.append(f"# {description}")
        lines.append(f"#{variable}={default}")
    return "\n".join(lines) + "\n"


def settings_page() -> str:
    """Text of `docs/reference/settings.md`."""
    lines = [
        "# Settings",
        "",
        "Every setting is an environment variable, or a line in `.env`. Two underscores nest. For"
        " another chain write its slug where `ETHEREUM` stands, for another channel its name where"
        " `OPS` stands.",
        "",
        "| variable | default | what it does |",
        "|---|---|---|",
    ]
    lines += [
        f"| `{name}` | {f'`{default}`' if default else ''} | {text} |"
        for name, _, default, text in setting_rows()
    ]
    return "\n".join(lines) + "\n"


def commands_page() -> str:
    """Text of `docs/reference/commands.md`: help of every verb."""
    from typer.main import get_command

    from oracul.cli.app import app

    lines = ["# Commands", "", "`oracul VERB --help` shows the same.", ""]
    for path, command in _verbs(get_command(app), "oracul"):
        usage = " ".join(
            command.collect_usage_pieces(command.make_context(path, [], resilient_parsing=True))
        )
        lines += [f"## {path}", "", f"`{path} {usage}`", "", _paragraphs(command.help or ""), ""]
        options = [
            f"- `{', '.join(option.opts)}`: {option.help}"
            for option in command.params
            if getattr(option, "help", None) and option.param_type_name == "option"
        ]
        lines += [*options, ""] if options else []
    return "\n".join(lines)


def _verbs(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield path, command
        return
    for name, verb in inner.items():
        yield from _verbs(verb, f"{path} {name}")


def _paragraphs(text: str) -> str:
    return "\n".join(line.strip() for line in text.strip().splitlines())


def superset_columns() -> str:
    """Text of Superset's `columns.yml`: what dbt knows of each table that charts may read."""
    import yaml

    tables = {
        table.name: {
            "description": table.description,
            "columns": {
                name: {"type": kind.strip("`"), "description": text.replace("\\|", "|")}
                for name, kind, text in table.columns
            },
        }
        for layer in ("marts", "curated")
        for table in modelled(layer)
    }
    text: str = yaml.safe_dump(tables, sort_keys=False, allow_unicode=True, width=100)
    return (
        "# Written by `make format` from the dbt models' own descriptions: change those.\n" + text
    )


PAGES = {
    ".env.example": env_example,
    "docs/reference/settings.md": settings_page,
    "docs/reference/commands.md": commands_page,
    "docs/reference/tables.md": tables_page,
    "deployments/superset/assets/columns.yml": superset_columns,
}


def stale_pages(root: Path = PROJECT_ROOT) -> list[str]:
    """Names of the pages whose text is not what the code says now."""
    return [
        name
        for name, write in PAGES.items()
        if not (root / name).is_file() or (root / name).read_text(encoding="utf-8") != write()
    ]


def main() -> int:
    """Write the pages, or with `--check` only compare; 1 when one is stale."""
    stale = stale_pages()
    if "--check" in sys.argv[1:]:
        for name in stale:
            sys.stderr.write(f"{name} is stale: run `make format`\n")
        return 1 if stale else 0
    for name in stale:
        page = PROJECT_ROOT / name
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(PAGES[name](), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
