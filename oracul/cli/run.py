"""`oracul run`: the main job, from blocks to anomalies."""

from oracul.cli.options import BlocksOption, ChainOption, StrictOption, blocks_of_chain


def run(
    chain: ChainOption = None, blocks: BlocksOption = None, strict: StrictOption = False
) -> None:
    """Run the whole job: land, prove, price, check, build, check again, find anomalies, tell.

    Every step can be run again: what is there already is not fetched twice, and only the days that
    changed are rebuilt. Ctrl-C finishes the batch in hand; the same command goes on from there.

    Example: `oracul run --chain ethereum --blocks 17686110:17686125`
    """
    span = blocks_of_chain(blocks, chain)
    from oracul.cli.steps import new_chain_run, run_and_exit

    run_and_exit(new_chain_run(chain=chain, blocks=span), strict=strict)
