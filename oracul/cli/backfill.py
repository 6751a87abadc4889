"""`oracul backfill`: fill a stretch of a chain's past."""

from typing import TYPE_CHECKING, Annotated

import typer

from oracul.cli.options import FirstDayOption, LastDayOption, StrictOption

if TYPE_CHECKING:
    from flows.steps import Outcome, What


def backfill(
    chain: Annotated[str, typer.Option("--chain", "-c", help="Slug, as in `ethereum`.")],
    blocks: Annotated[
        str | None,
        typer.Option("--blocks", "-b", metavar="FIRST:END", help="Blocks to fill, END left out."),
    ] = None,
    first_day: FirstDayOption = None,
    last_day: LastDayOption = None,
    what: Annotated[
        str,
        typer.Option(help="What to fill, separated by commas."),
    ] = "chain,prices,marts,anomalies",
    oldest_first: Annotated[
        bool, typer.Option("--oldest-first", help="Begin with the oldest blocks.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what it would do and take.")
    ] = False,
    strict: StrictOption = False,
) -> None:
    """Fill a stretch of a chain's past: its blocks, their prices, and what is built from them.

    Says first what is missing and what it takes to fill it. Ctrl-C or a crash loses nothing: the
    same command goes on with what is still missing. It runs beside live ingest with half of the
    requests in flight.
    """
    from flows.backfilling import backfill_run, steps_of
    from oracul.cli.console import Bar, settings
    from oracul.cli.steps import run_and_exit, run_quietly
    from oracul.spans import parse_day

    run = backfill_run(
        settings(),
        chain,
        blocks,
        (parse_day(first_day), parse_day(last_day)),
        what=_kinds(what),
        order="oldest_first" if oldest_first else "newest_first",
        progress=Bar(),
    )
    _show(run_quietly(run, "plan_backfill"))
    if not dry_run:
        run_and_exit(run, steps_of(run), strict=strict)


def _kinds(typed: str) -> "tuple[What, ...]":
    from flows.steps import ALL_OF_IT
    from oracul.errors import ConfigError

    named = {word.strip() for word in typed.split(",") if word.strip()}
    if not named or not named <= set(ALL_OF_IT):
        raise ConfigError(
            f"--what {typed!r} names what a backfill does not know.",
            hint=f"Name some of {', '.join(ALL_OF_IT)}, separated by commas.",
        )
    return tuple(kind for kind in ALL_OF_IT if kind in named)


def _show(outcome: "Outcome") -> None:
    from rich.table import Table

    from flows.backfilling import BackfillPlan
    from oracul.cli.console import out, plain, say_outcome

    plan = outcome.detail
    if not isinstance(plan, BackfillPlan):
        say_outcome(outcome)
        raise typer.Exit(getattr(plan, "exit_code", 1))
    rows = plan.rows()
    table = Table(title="Plan", header_style="bold", title_justify="left")
    for name in rows[0]:
        table.add_column(name.capitalize(), justify="left" if name == "what" else "right")
    for row in rows:
        table.add_row(*map(plain, row.values()))
    out.print(table)
