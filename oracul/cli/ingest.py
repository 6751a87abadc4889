"""`oracul ingest chain|tokens|prices`: one extractor at a time."""

from dataclasses import replace

import typer

from oracul.cli.options import BlocksOption, ChainOption, StrictOption, blocks_of_chain

app = typer.Typer(
    no_args_is_help=True, help="Land raw data: proven blocks, token metadata, prices."
)


@app.command()
def chain(
    chain: ChainOption = None, blocks: BlocksOption = None, strict: StrictOption = False
) -> None:
    """Land blocks, transactions, receipts and logs; each block is proven before it lands."""
    span = blocks_of_chain(blocks, chain)
    from oracul.cli.steps import new_chain_run, run_and_exit

    run_and_exit(new_chain_run(chain=chain, blocks=span), ["ingest_chain"], strict=strict)


@app.command()
def tokens(chain: ChainOption = None, strict: StrictOption = False) -> None:
    """Ask every token contract seen so far for its name, symbol and decimals."""
    from oracul.cli.steps import new_chain_run, run_and_exit

    run = replace(new_chain_run(chain=chain), is_whole=True)
    run_and_exit(run, ["ingest_tokens"], strict=strict)


@app.command()
def prices(strict: StrictOption = False) -> None:
    """Land spot prices for the days of the landed blocks, from every source that answers."""
    from oracul.cli.steps import new_run, run_and_exit

    run_and_exit(new_run(), ["ingest_prices"], strict=strict)
