"""Flow that builds the curated tables and marts."""

from prefect import flow

from flows.tasks import run_as_tasks


@flow(name="transform")
def transform(full_refresh: bool = False) -> None:
    """Check the raw tables, build the days whose inputs changed, check and publish the marts."""
    names = ["validate_raw", "transform", "validate_marts", "publish"]
    run_as_tasks(names, is_whole=full_refresh)
