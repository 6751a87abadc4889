"""Flow of the whole main job, the same steps in the same order as `oracul run`."""

from prefect import flow
from prefect.client.schemas.objects import State

from flows.steps import Run
from flows.tasks import BlockSpan, ChainName, FullRefresh, run_as_tasks, run_name
from oracul.settings import load_settings
from oracul.spans import parse_blocks


@flow(name="pipeline", flow_run_name=run_name)
def pipeline(
    chain: ChainName = None, blocks: BlockSpan = None, full_refresh: FullRefresh = False
) -> State[None]:
    """Land, prove, price, check, build, check again, find anomalies, tell."""
    run = Run(load_settings(), chain=chain, blocks=parse_blocks(blocks), is_whole=full_refresh)
    return run_as_tasks(None, run)
