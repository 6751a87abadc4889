"""`oracul maintain`: back up, give up what is old, tidy."""

from typing import Annotated

import typer


def maintain(
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only",
            metavar="PART",
            help="One part, may be given again: backup, ledger, data_docs, leftovers, prefect,"
            " merges. Default: all.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what it would do, and change nothing.")
    ] = False,
) -> None:
    """Back up when a setting asks for it, and give up what is old and nobody needs.

    Old rows of the ledgers, pages of Data Docs, leftovers of killed backups, ended flow runs of the
    Prefect server in PREFECT_API_URL; then tables in many small parts are merged. A part that fails
    does not keep the others from their turn: the step is then degraded and names it. Safe beside
    live ingest; running it again goes on where it stopped.
    """
    from dataclasses import replace

    from flows.maintenance import chosen
    from oracul.cli.steps import new_run, run_and_exit

    run = replace(new_run(), parts=chosen(only or ()), is_rehearsal=dry_run)
    run_and_exit(run, ["maintain"])
