"""Flow that finds what is unusual and tells people."""

from prefect import flow

from flows.tasks import run_as_tasks


@flow(name="detect")
def detect() -> None:
    """Score tokens and addresses, then tell people what they were not told yet."""
    run_as_tasks(["detect", "alert"])
