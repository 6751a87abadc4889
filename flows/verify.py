"""Flow that proves again what is stored."""

from datetime import date, timedelta
from typing import Annotated

from prefect import flow
from pydantic import Field

from flows.artifacts import show_coverage
from flows.steps import Run
from flows.tasks import BlockSpan, ChainName, run_as_tasks, run_name
from oracul.settings import load_settings
from oracul.spans import parse_blocks
from oracul.times import utc_now

LastDays = Annotated[
    int | None,
    Field(description="Only this many UTC days up to today. Empty: everything.", ge=1),
]


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
        load_settings(), chain=chain, blocks=parse_blocks(blocks), days=_days(last_days),
        is_offline=offline, repairs=repair,
    )  # fmt: skip
    try:
        run_as_tasks(["verify", "alert"], run)
    finally:
        show_coverage(run.settings, chain)


def _days(count: int | None) -> tuple[date, date] | None:
    today = utc_now().date()
    return (today - timedelta(days=count - 1), today) if count else None
