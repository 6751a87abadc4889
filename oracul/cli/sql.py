"""`oracul sql`: ask the warehouse."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

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
    exact: Annotated[
        bool,
        typer.Option("--exact", help="csv for programs: no ' before text like a formula."),
    ] = False,
) -> None:
    """Run one read-only query and print its rows.

    Example: `oracul sql "select * from marts.token_metrics_daily limit 2" --format csv`
    """
    from oracul.cli.console import settings, warn
    from oracul.cli.spreadsheet import FormulaGuard
    from oracul.units import plural
    from oracul.warehouse import connect, warehouse_errors

    text = _query_text(query)
    client = connect(settings())
    with warehouse_errors("The query failed (oracul sql only reads)"):
        if format == "table":
            _print_table(client, text, limit)
        else:
            # readonly=2 and not 1: the driver sends settings of its own with each query. JSON has
            # no word for what is no number, and would say null.
            how = _bound(client, {"readonly": 2, "output_format_json_quote_denormals": 1})
            with client.raw_stream(text, fmt=FORMATS[format], settings=how) as stream:
                guard = FormulaGuard()
                _write_out(guard.guard(stream) if format == "csv" and not exact else stream)
            if guard.changed:
                warn(
                    f"{plural(guard.changed, 'text')} that a spreadsheet would run as a formula got"
                    " a leading '. For programs: --exact, or --format json."
                )


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


def _bound(client: "Client", settings: dict[str, Any]) -> dict[str, Any]:
    """The settings; none for a user that only reads anyway, and may not even repeat it."""
    readonly = client.server_settings.get("readonly")
    return {} if readonly and readonly.readonly else settings


def _print_table(client: "Client", text: str, limit: int) -> None:
    from oracul.cli.console import err
    from oracul.cli.rows import print_rows

    # One row more than is shown tells that there are more; the rest need not travel.
    bounds = _bound(
        client, {"readonly": 2, "max_result_rows": limit + 1, "result_overflow_mode": "break"}
    )
    # Text as bytes: the driver shows what is no UTF-8 as hex digits, as if it were those.
    result = client.query(text, settings=bounds, query_formats={"*String": "bytes"})
    numeric = [
        any(word in kind.name for word in ("Int", "Float", "Decimal"))
        for kind in result.column_types
    ]
    print_rows(result.column_names, result.result_rows[:limit], numeric)
    if not result.result_rows:
        err.print("No rows.")
    if len(result.result_rows) > limit:
        err.print(f"… and more: these are the first {limit:,}. Raise --limit or use --format csv.")
