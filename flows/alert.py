"""Flow that tells people what is wrong or unusual."""

from prefect import flow

from flows.tasks import run_as_tasks


@flow(name="alert")
def alert() -> None:
    """Tell people what they were not told yet."""
    run_as_tasks(["alert"])
