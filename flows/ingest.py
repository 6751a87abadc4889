"""Flows that land raw data."""

from typing import Annotated

from prefect import flow
from prefect.client.schemas.objects import State
from pydantic import Field

from flows.form import may_be_empty
from flows.steps import Run
from flows.tasks import (
    BlockSpan,
    ChainName,
    days_up_to_today,
    run_as_tasks,
    run_name,
)
from oracul.settings import Settings, load_settings
from oracul.spans import parse_blocks

FollowedDays = Annotated[
    int | None,
    Field(ge=1),
    may_be_empty("Only this many UTC days up to today. Empty: those that are followed.",
                 type="integer", minimum=1),
]  # fmt: skip


@flow(name="ingest-chain", flow_run_name=run_name)
def ingest_chain(chain: ChainName = None, blocks: BlockSpan = None) -> State[None]:
    """Land proven blocks, then ask new tokens what they are."""
    run = Run(load_settings(), chain=chain, blocks=parse_blocks(blocks))
    return run_as_tasks(["ingest_chain", "ingest_tokens"], run)


@flow(name="ingest-prices", flow_run_name=run_name)
def ingest_prices(last_days: FollowedDays = None) -> State[None]:
    """Land spot prices for the days of the landed blocks."""
    settings = load_settings()
    days = days_up_to_today(last_days or followed_days(settings))
    return run_as_tasks(["ingest_prices"], Run(settings, days=days))


def followed_days(settings: Settings) -> int | None:
    """Days back that chains are followed, and one more; None when one is followed from block 0."""
    depths = [chain.follow_days for chain in settings.chains.values() if chain.rpc_urls]
    return None if not depths or 0 in depths else max(depths) + 1
