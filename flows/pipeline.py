"""Flow of the whole main job, the same steps in the same order as `oracul run`."""

from prefect import flow

from flows.tasks import BlockSpan, ChainName, run_as_tasks, run_name


@flow(name="pipeline", flow_run_name=run_name)
def pipeline(chain: ChainName = None, blocks: BlockSpan = None, full_refresh: bool = False) -> None:
    """Land, prove, price, check, build, check again, find anomalies, tell."""
    run_as_tasks(None, chain=chain, blocks=blocks, is_whole=full_refresh)
