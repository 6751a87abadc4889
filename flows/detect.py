"""Flow that finds what is unusual and tells people."""

from prefect import flow
from prefect.client.schemas.objects import State

from flows.tasks import run_as_tasks, run_name


@flow(name="detect", flow_run_name=run_name)
def detect() -> State[None]:
    """Score tokens and addresses, then tell people what they were not told yet."""
    return run_as_tasks(["detect", "alert"])
