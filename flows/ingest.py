"""Flows that land raw data."""

from prefect import flow
from prefect.client.schemas.objects import State

from flows.steps import Run
from flows.tasks import (
    BlockSpan,
    ChainName,
    LastDays,
    days_up_to_today,
    run_as_tasks,
    run_name,
)
from oracul.settings import load_settings
from oracul.spans import parse_blocks


@flow(name="ingest-chain", flow_run_name=run_name)
def ingest_chain(chain: ChainName = None, blocks: BlockSpan = None) -> State[None]:
    """Land proven blocks, then ask new tokens what they are."""
    run = Run(load_settings(), chain=chain, blocks=parse_blocks(blocks))
    return run_as_tasks(["ingest_chain", "ingest_tokens"], run)


@flow(name="ingest-prices", flow_run_name=run_name)
def ingest_prices(last_days: LastDays = None) -> State[None]:
    """Land spot prices for the days of the landed blocks."""
    return run_as_tasks(["ingest_prices"], Run(load_settings(), days=days_up_to_today(last_days)))
