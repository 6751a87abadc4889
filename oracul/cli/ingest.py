"""`oracul ingest chain|tokens|prices`: one extractor at a time."""

from typing import Annotated

import typer

from oracul.spans import parse_blocks

app = typer.Typer(
    no_args_is_help=True, help="Land raw data: proven blocks, token metadata, prices."
)

ChainOption = Annotated[
    str | None,
    typer.Option(
        "--chain", "-c", help="Chain slug, as in `ethereum`. Default: all with an endpoint."
    ),
]
StrictOption = Annotated[
    bool, typer.Option("--strict", help="Fail when a source degraded, instead of warning.")
]


@app.command()
def chain(
    chain: ChainOption = None,
    blocks: Annotated[
        str | None,
        typer.Option(
            "--blocks",
            "-b",
            metavar="FIRST:END",
            help="Blocks to take, END left out. Default: follow the chain from its head back.",
        ),
    ] = None,
    strict: StrictOption = False,
) -> None:
    """Land blocks, transactions, receipts and logs; each block is proven before it lands."""
    span = parse_blocks(blocks)
    if span is not None and chain is None:
        raise typer.BadParameter(
            "--blocks needs --chain: block numbers mean something else on each."
        )
    from oracul.cli.steps import new_run, run_and_exit

    run_and_exit(new_run(chain=chain, blocks=span), ["ingest_chain"], strict=strict)


@app.command()
def tokens(chain: ChainOption = None, strict: StrictOption = False) -> None:
    """Ask every token contract seen so far for its name, symbol and decimals."""
    from oracul.cli.steps import new_run, run_and_exit

    run_and_exit(new_run(chain=chain), ["ingest_tokens"], strict=strict)


@app.command()
def prices(strict: StrictOption = False) -> None:
    """Land spot prices for the days of the landed blocks, from every source that answers."""
    from oracul.cli.steps import new_run, run_and_exit

    run_and_exit(new_run(), ["ingest_prices"], strict=strict)
