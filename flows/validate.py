"""Flow that checks both doors."""

from prefect import flow

from flows.tasks import run_as_tasks


@flow(name="validate")
def validate() -> None:
    """Check what was landed and built, then tell people; a critical fault fails the run."""
    run_as_tasks(["validate_raw", "validate_marts", "alert"])
