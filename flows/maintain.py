"""Flow that keeps the house in order, at night."""

from typing import Annotated, get_args

from prefect import flow
from prefect.client.schemas.objects import State

from flows.form import may_be_empty, told
from flows.maintenance import PartName
from flows.steps import Run
from flows.tasks import run_as_tasks, run_name
from oracul.settings import load_settings

Parts = Annotated[
    list[PartName] | None,
    may_be_empty("Only these parts. Empty: all.", type="array",
                 items={"type": "string", "enum": list(get_args(PartName))}),
]  # fmt: skip
DryRun = Annotated[bool, told("Say what it would do, and change nothing.")]


@flow(name="maintain", flow_run_name=run_name)
def maintain(only: Parts = None, dry_run: DryRun = False) -> State[None]:
    """Back up when a setting asks for it, give up what is old, ask what tokens are that failed to
    answer, then tell people what failed.
    """
    settings = load_settings()
    if dry_run or only:
        names = ["maintain"] if dry_run else ["maintain", "alert"]
    else:
        # Each minute only tokens of what landed lately are asked.
        asks = any(chain.rpc_urls for chain in settings.chains.values())
        names = [*(["ingest_tokens"] if asks else []), "maintain", "alert"]
    parts = tuple(only or ())
    return run_as_tasks(names, Run(settings, parts=parts, is_whole=True, is_rehearsal=dry_run))
