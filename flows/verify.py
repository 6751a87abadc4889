"""Flow that proves again what is stored."""

from typing import Annotated

from prefect import flow
from prefect.client.schemas.objects import State
from pydantic import Field

from flows.artifacts import show_coverage
from flows.form import may_be_empty, told
from flows.steps import Run
from flows.tasks import (
    SPAN,
    SPAN_TEXT,
    ChainName,
    LastDays,
    days_up_to_today,
    run_as_tasks,
    run_name,
)
from oracul.settings import load_settings
from oracul.spans import parse_blocks

StoredBlocks = Annotated[
    str | None,
    Field(pattern=SPAN),
    may_be_empty(f"{SPAN_TEXT} Empty: all that are stored.", type="string", pattern=SPAN),
]
Offline = Annotated[bool, told("Ask no node: prove by the stored headers alone.")]
Repair = Annotated[bool, told("Land again what does not hold.")]


@flow(name="verify", flow_run_name=run_name)
def verify(
    chain: ChainName = None,
    blocks: StoredBlocks = None,
    last_days: LastDays = None,
    offline: Offline = False,
    repair: Repair = False,
) -> State[None]:
    """Prove stored rows against headers and nodes, then tell people; a fault fails the run."""
    run = Run(
        load_settings(), chain=chain, blocks=parse_blocks(blocks), days=days_up_to_today(last_days),
        is_offline=offline, repairs=repair,
    )  # fmt: skip
    try:
        return run_as_tasks(["verify", "alert"], run)
    finally:
        show_coverage(run.settings, chain)
