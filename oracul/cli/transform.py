"""`oracul transform`: build what changed."""

from typing import Annotated

import typer


def transform(
    full_refresh: Annotated[
        bool,
        typer.Option("--full-refresh", help="Build every day again, not only the changed ones."),
    ] = False,
) -> None:
    """Build the curated tables and marts with dbt: exactly the days whose inputs changed.

    The marts are built in `marts_next` and published to `marts` when no critical check fails.
    Exit code 1 when one does; readers then keep the rows that passed last.
    """
    from dataclasses import replace

    from oracul.cli.steps import new_run, run_and_exit

    run_and_exit(
        replace(new_run(), is_whole=full_refresh), ["transform", "validate_marts", "publish"]
    )
