"""Flow that proves again what is stored."""

from datetime import date, timedelta
from typing import Annotated

from prefect import flow
from pydantic import Field

from flows.tasks import BlockSpan, ChainName, run_as_tasks, run_name
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
    run_as_tasks(
        ["verify", "alert"], chain=chain, blocks=blocks, days=_days(last_days), is_offline=offline,
        repairs=repair,
    )  # fmt: skip


def _days(count: int | None) -> tuple[date, date] | None:
    today = utc_now().date()
    return (today - timedelta(days=count - 1), today) if count else None
