"""`oracul transform`: build what changed."""

from typing import Annotated

import typer


def transform(
    full_refresh: Annotated[
        bool,
        typer.Option("--full-refresh", help="Build every day again, not only the changed ones."),
    ] = False,
) -> None:
    """Build the curated tables and marts with dbt: exactly the days whose inputs changed."""
    from dataclasses import replace

    from oracul.cli.steps import new_run, run_and_exit

    run_and_exit(replace(new_run(), is_whole=full_refresh), ["transform"])
