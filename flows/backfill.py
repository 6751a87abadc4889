"""Flow that fills the past of a chain, from a form."""

from datetime import date
from typing import Annotated

from prefect import flow
from prefect.client.schemas.objects import State

from flows.artifacts import ShownProgress, show_coverage
from flows.backfilling import backfill_run, steps_of
from flows.form import may_be_empty, told
from flows.steps import ALL_OF_IT, Order, What
from flows.tasks import KnownChain, StretchOfBlocks, run_as_tasks, run_name
from oracul.settings import load_settings

FirstDay = Annotated[
    date | None,
    may_be_empty("First UTC day, instead of blocks. Alone it is one day.", type="string",
                 format="date"),
]  # fmt: skip
LastDay = Annotated[
    date | None,
    may_be_empty("Last UTC day, itself included.", type="string", format="date"),
]
Kinds = Annotated[
    list[What],
    told("What to fill: raw blocks, prices, the tables built from them, anomalies.", min_length=1),
]
BlocksFirst = Annotated[Order, told("Which blocks come first.")]
DryRun = Annotated[
    bool, told("Only say what is there, what is missing and what it takes to fill it.")
]


@flow(name="backfill", flow_run_name=run_name)
def backfill(
    chain: KnownChain,
    blocks: StretchOfBlocks = None,
    first_day: FirstDay = None,
    last_day: LastDay = None,
    what: Kinds = list(ALL_OF_IT),  # noqa: B006 - Prefect's form shows it
    order: BlocksFirst = "newest_first",
    dry_run: DryRun = True,
) -> State[None]:
    """Fill a stretch of a chain's past. Begin with a dry run: it says what it will take."""
    run = backfill_run(
        load_settings(), chain, blocks, (first_day, last_day), what=what, order=order,
        progress=ShownProgress("backfill-progress"),
    )  # fmt: skip
    ended = run_as_tasks(["plan_backfill"] if dry_run else steps_of(run), run)
    show_coverage(run.settings, chain)
    return ended
