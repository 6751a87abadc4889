"""Flow that proves again what is stored."""

from prefect import flow

from flows.artifacts import show_coverage
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


@flow(name="verify", flow_run_name=run_name)
def verify(
    chain: ChainName = None,
    blocks: BlockSpan = None,
    last_days: LastDays = None,
    offline: bool = False,
    repair: bool = False,
) -> None:
    """Prove stored rows against headers and nodes, then tell people; a fault fails the run."""
    run = Run(
        load_settings(), chain=chain, blocks=parse_blocks(blocks), days=days_up_to_today(last_days),
        is_offline=offline, repairs=repair,
    )  # fmt: skip
    try:
        run_as_tasks(["verify", "alert"], run)
    finally:
        show_coverage(run.settings, chain)
