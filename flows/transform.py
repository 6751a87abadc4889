"""Flow that builds the curated tables and marts."""

from typing import Annotated, Literal

from prefect import flow
from pydantic import Field

from flows.steps import Run
from flows.tasks import run_as_tasks
from oracul.settings import load_settings

MartGroup = Literal["network", "tokens", "addresses"]
MartGroups = Annotated[
    list[MartGroup],
    Field(
        description="Marts to build; the curated tables they are made from are built in any case.",
        min_length=1,
    ),
]


@flow(name="transform")
def transform(
    marts: MartGroups = ["network", "tokens", "addresses"],  # noqa: B006 - Prefect's form shows it
    full_refresh: bool = False,
) -> None:
    """Check the raw tables, build the days whose inputs changed, check and publish the marts."""
    names = ["validate_raw", "transform", "validate_marts", "publish"]
    run_as_tasks(names, Run(load_settings(), is_whole=full_refresh, groups=tuple(marts)))
