"""Ended flow runs of the Prefect server, with their logs and artifacts: given up after a while."""

from datetime import datetime
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    FlowRunFilter,
    FlowRunFilterEndTime,
    FlowRunFilterTags,
)
from prefect.exceptions import ObjectNotFound

# Every deployment of prefect.yaml has it, and its runs have it from them: a server may be shared.
TAG = "oracul"
_BATCH = 50
# One night deletes no more than this; the next goes on. A chain followed each minute makes 1,440.
MOST = 20_000


def delete_old_runs(before: datetime, *, is_rehearsal: bool = False, most: int = MOST) -> int:
    """Delete Oracul's runs that ended before an instant, at most `most`; how many.

    Artifacts go first, logs with the run. A run that another deletes meanwhile is not counted.
    """
    old = FlowRunFilter(
        tags=FlowRunFilterTags(all_=[TAG]), end_time=FlowRunFilterEndTime(before_=before)
    )
    with get_client(sync_client=True) as client:
        if is_rehearsal:
            return min(client.count_flow_runs(flow_run_filter=old), most)
        deleted = 0
        while deleted < most:
            runs = client.read_flow_runs(flow_run_filter=old, limit=min(_BATCH, most - deleted))
            gone = sum(_delete(client, run.id) for run in runs)
            if not gone:
                break
            deleted += gone
        return deleted


def _delete(client: SyncPrefectClient, run_id: UUID) -> bool:
    owned = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run_id]))
    try:
        for artifact in client.read_artifacts(artifact_filter=owned):
            client.delete_artifact(artifact.id)
        client.delete_flow_run(run_id)
    except ObjectNotFound:
        return False
    return True
