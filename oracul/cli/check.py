"""`oracul check`: the quality checks at both doors."""

from typing import Annotated, Literal

import typer


def check(
    door: Annotated[
        Literal["raw", "marts", "both"],
        typer.Option("--door", help="raw = what was landed, marts = what people read."),
    ] = "both",
) -> None:
    """Run the Great Expectations suites; results go to `meta.data_quality_checks` and Data Docs.

    Exit code 1 when a critical check fails.
    """
    from dataclasses import replace

    from oracul.cli.steps import new_run, run_and_exit

    names = {"raw": ["validate_raw"], "marts": ["validate_marts"]}
    run = replace(new_run(), is_whole=True)
    run_and_exit(run, names.get(door, ["validate_raw", "validate_marts"]))
