"""`oracul run`: the main job, from blocks to anomalies."""

from typing import Annotated

import typer

from oracul.spans import parse_blocks


def run(
    chain: Annotated[
        str | None,
        typer.Option(
            "--chain", "-c", help="Chain slug, as in `ethereum`. Default: all with an endpoint."
        ),
    ] = None,
    blocks: Annotated[
        str | None,
        typer.Option(
            "--blocks",
            "-b",
            metavar="FIRST:END",
            help="Blocks to take, END left out. Default: follow the chain from its head back.",
        ),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Fail when a source degraded, instead of warning.")
    ] = False,
) -> None:
    """Run the whole job: land, prove, price, check, build, check again, find anomalies, tell.

    Every step can be run again: what is there already is not fetched twice, and only the days that
    changed are rebuilt. Ctrl-C finishes the batch in hand; the same command goes on from there.

    Example: `oracul run --chain ethereum --blocks 17686110:17686125`
    """
    span = parse_blocks(blocks)
    if span is not None and chain is None:
        raise typer.BadParameter(
            "--blocks needs --chain: block numbers mean something else on each."
        )
    from oracul.cli.steps import new_run, run_and_exit

    run_and_exit(new_run(chain=chain, blocks=span), strict=strict)
