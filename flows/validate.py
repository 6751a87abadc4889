"""Flow that checks both doors."""

from prefect import flow
from prefect.client.schemas.objects import State

from flows.tasks import run_as_tasks, run_name


@flow(name="validate", flow_run_name=run_name)
def validate() -> State[None]:
    """Check what was landed and built, then tell people; a critical fault fails the run."""
    return run_as_tasks(["validate_raw", "validate_marts", "alert"])
