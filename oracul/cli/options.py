"""Options that several verbs share."""

from typing import Annotated

import typer

ChainOption = Annotated[
    str | None,
    typer.Option("--chain", "-c", help="Slug, as in `ethereum`. Default: all with an endpoint."),
]
AnyChainOption = Annotated[
    str | None,
    typer.Option("--chain", "-c", help="Slug, as in `ethereum`. Default: all that landed."),
]
BlocksOption = Annotated[
    str | None,
    typer.Option(
        "--blocks",
        "-b",
        metavar="FIRST:END",
        help="Blocks to take, END left out. Default: follow the chain from its head back.",
    ),
]
FirstDayOption = Annotated[
    str | None, typer.Option("--from", metavar="DAY", help="First UTC day, as YYYY-MM-DD.")
]
LastDayOption = Annotated[
    str | None, typer.Option("--to", metavar="DAY", help="Last UTC day, itself included.")
]
StrictOption = Annotated[
    bool, typer.Option("--strict", help="Fail when a source degraded, instead of warning.")
]


def blocks_of_chain(blocks: str | None, chain: str | None) -> tuple[int, int] | None:
    """The range typed, half-open. Raises a usage error for a range without a chain."""
    from oracul.spans import parse_blocks

    span = parse_blocks(blocks)
    if span is not None and chain is None:
        raise typer.BadParameter(
            "--blocks needs --chain: block numbers mean something else on each."
        )
    return span
