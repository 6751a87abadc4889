"""Rows on a terminal: a table when it fits, else one field a line. Values are shown whole: a float
with all the digits it takes to tell it from its neighbours, and nothing else looks like NULL.
"""

import re
from collections.abc import Sequence
from decimal import Decimal

from rich.table import Table

from oracul.cli.console import out, plain
from oracul.visible import visible

# A longer value may be folded into lines of this width before a table counts as too wide.
FOLDED_WIDTH = 44
_FRAME = 3
_NULL = "NULL"
_LIKE_NULL = re.compile(r'"*NULL"*')


def print_rows(
    names: Sequence[str], rows: Sequence[Sequence[object]], numeric: Sequence[bool]
) -> None:
    """Print rows below their column names; `numeric` columns are set to the right."""
    texts = [[_text(value) for value in row] for row in rows]
    widths = [
        min(max([len(name), *(len(row[i]) for row in texts)]), max(FOLDED_WIDTH, len(name)))
        for i, name in enumerate(names)
    ]
    if sum(widths) + _FRAME * len(widths) > out.width:
        _print_records(names, texts)
    else:
        _print_table(names, texts, numeric)


def _print_table(
    names: Sequence[str], texts: Sequence[Sequence[str]], numeric: Sequence[bool]
) -> None:
    table = Table(header_style="bold")
    for name, is_number in zip(names, numeric, strict=True):
        table.add_column(plain(name), justify="right" if is_number else "left", overflow="fold")
    for row in texts:
        table.add_row(*map(_styled, row))
    out.print(table)


def _print_records(names: Sequence[str], texts: Sequence[Sequence[str]]) -> None:
    longest = max(len(name) for name in names)
    for number, row in enumerate(texts, start=1):
        out.print(f"[dim]── row {number} ──[/]")
        for name, text in zip(names, row, strict=True):
            out.print(f"[bold]{plain(name):<{longest}}[/]  {_styled(text)}", soft_wrap=True)


def _text(value: object) -> str:
    if value is None:
        return _NULL
    if isinstance(value, float):
        return f"{value:,}"
    if isinstance(value, Decimal):
        return f"{value:f}"
    text = str(readable(value))
    return f'"{text}"' if _LIKE_NULL.fullmatch(text) else visible(text)


def readable(value: object) -> object:
    """The value with its bytes as text, those that are none written out, as in `\\xff`."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, list | tuple):
        return type(value)(map(readable, value))
    if isinstance(value, dict):
        return {readable(key): readable(item) for key, item in value.items()}
    return value


def _styled(text: str) -> str:
    return f"[dim]{_NULL}[/]" if text == _NULL else plain(text)
