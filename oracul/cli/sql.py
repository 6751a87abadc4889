"""`oracul sql`: ask the warehouse."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from oracul.warehouse import Client

FORMATS = {"csv": "CSVWithNames", "json": "JSONEachRow"}


def sql(
    query: Annotated[
        str,
        typer.Argument(
            help="One SELECT; `-` reads it from standard input, `@file.sql` from a file."
        ),
    ],
    format: Annotated[
        Literal["table", "csv", "json"],
        typer.Option("--format", "-f", help="table for eyes, csv, or json (one object a line)."),
    ] = "table",
    limit: Annotated[
        int, typer.Option("--limit", min=1, help="Rows a table shows; csv and json give all.")
    ] = 100,
) -> None:
    """Run one read-only query and print its rows.

    Example: `oracul sql "select * from marts.token_metrics_daily limit 5" --format csv`
    """
    from oracul.cli.console import settings
    from oracul.warehouse import connect, warehouse_errors

    text = _query_text(query)
    client = connect(settings())
    with warehouse_errors("The query failed"):
        if format == "table":
            _print_table(client, text, limit)
        else:
            # readonly=2 and not 1: the driver sends settings of its own with each query.
            with client.raw_stream(text, fmt=FORMATS[format], settings={"readonly": 2}) as stream:
                _write_out(stream)


def _write_out(chunks: Iterable[bytes]) -> None:
    """To standard output; a reader that has seen enough (`| head`) ends it quietly."""
    try:
        for chunk in chunks:
            sys.stdout.buffer.write(chunk)
        sys.stdout.flush()
    except BrokenPipeError:
        # What is left in the buffer must not be flushed into the closed pipe at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _query_text(query: str) -> str:
    if query == "-":
        return sys.stdin.read()
    if query.startswith("@"):
        path = Path(query[1:])
        if not path.is_file():
            raise typer.BadParameter(f"there is no file {path}")
        return path.read_text(encoding="utf-8", errors="replace")
    return query


def _print_table(client: "Client", text: str, limit: int) -> None:
    from rich.markup import escape
    from rich.table import Table

    from oracul.cli.console import err, out

    # One row more than is shown tells that there are more; the rest need not travel.
    bounds = {"readonly": 2, "max_result_rows": limit + 1, "result_overflow_mode": "break"}
    result = client.query(text, settings=bounds)
    table = Table(header_style="bold")
    for name, kind in zip(result.column_names, result.column_types, strict=True):
        is_number = any(word in kind.name for word in ("Int", "Float", "Decimal"))
        table.add_column(escape(name), justify="right" if is_number else "left", overflow="fold")
    for row in result.result_rows[:limit]:
        table.add_row(*(_cell(value) for value in row))
    out.print(table)
    if len(result.result_rows) > limit:
        err.print(f"… and more: these are the first {limit:,}. Raise --limit or use --format csv.")


def _cell(value: object) -> str:
    from rich.markup import escape

    if value is None:
        return "[dim]NULL[/]"
    if isinstance(value, float):
        return f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.2f}"
    return escape(str(value))
