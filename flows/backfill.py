"""Flow that fills the past of a chain, from a form."""

from datetime import date
from typing import Annotated

from prefect import flow
from pydantic import Field

from flows.artifacts import ShownProgress, show_coverage, show_table
from flows.backfilling import BackfillPlan, backfill_run, steps_of
from flows.steps import ALL_OF_IT, Order, What
from flows.tasks import BlockSpan, KnownChain, run_as_tasks, run_name
from oracul.settings import load_settings

FirstDay = Annotated[
    date | None, Field(description="First UTC day, instead of blocks. Alone it is one day.")
]
LastDay = Annotated[date | None, Field(description="Last UTC day, itself included.")]
Kinds = Annotated[
    list[What],
    Field(
        description="What to fill: raw blocks, prices, the tables built from them, anomalies.",
        min_length=1,
    ),
]
BlocksFirst = Annotated[Order, Field(description="Which blocks come first.")]
DryRun = Annotated[
    bool,
    Field(description="Only say what is there, what is missing and what it takes to fill it."),
]


@flow(name="backfill", flow_run_name=run_name)
def backfill(
    chain: KnownChain,
    blocks: BlockSpan = None,
    first_day: FirstDay = None,
    last_day: LastDay = None,
    what: Kinds = list(ALL_OF_IT),  # noqa: B006 - Prefect's form shows it
    order: BlocksFirst = "newest_first",
    dry_run: DryRun = True,
) -> None:
    """Fill a stretch of a chain's past. Begin with a dry run: it says what it will take."""
    run = backfill_run(
        load_settings(), chain, blocks, (first_day, last_day), what=what, order=order,
        progress=ShownProgress("backfill-progress"),
    )  # fmt: skip
    if dry_run:
        (outcome,) = run_as_tasks(["plan_backfill"], run)
        if isinstance(outcome.detail, BackfillPlan):
            show_table("plan", outcome.detail.rows(), f"Dry run: {outcome.detail.sentence}.")
    else:
        run_as_tasks(steps_of(run), run)
    show_coverage(run.settings, chain)
