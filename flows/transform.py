"""Flow that builds the curated tables and marts."""

from typing import Annotated, Literal

from prefect import flow
from prefect.client.schemas.objects import State

from flows.form import told
from flows.steps import Run
from flows.tasks import FullRefresh, run_as_tasks, run_name
from oracul.settings import load_settings

MartGroup = Literal["network", "tokens", "addresses"]
MartGroups = Annotated[
    list[MartGroup],
    told(
        "Marts to build; the curated tables they are made from are built in any case.",
        min_length=1,
    ),
]


@flow(name="transform", flow_run_name=run_name)
def transform(
    marts: MartGroups = ["network", "tokens", "addresses"],  # noqa: B006 - Prefect's form shows it
    full_refresh: FullRefresh = False,
) -> State[None]:
    """Check the raw tables, build the days whose inputs changed, check and publish the marts."""
    names = ["validate_raw", "transform", "validate_marts", "publish"]
    return run_as_tasks(names, Run(load_settings(), is_whole=full_refresh, groups=tuple(marts)))
