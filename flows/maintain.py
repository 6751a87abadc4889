"""Flow that keeps the house in order, at night."""

from typing import Annotated

from prefect import flow
from pydantic import Field

from flows.maintenance import PartName
from flows.steps import Run
from flows.tasks import run_as_tasks
from oracul.settings import load_settings

Parts = Annotated[list[PartName] | None, Field(description="Only these parts. Empty: all.")]
DryRun = Annotated[bool, Field(description="Say what it would do, and change nothing.")]


@flow(name="maintain")
def maintain(only: Parts = None, dry_run: DryRun = False) -> None:
    """Back up when a setting asks for it, give up what is old, then tell people what failed."""
    names = ["maintain"] if dry_run else ["maintain", "alert"]
    run_as_tasks(names, Run(load_settings(), parts=tuple(only or ()), is_rehearsal=dry_run))
