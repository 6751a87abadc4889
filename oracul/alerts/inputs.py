"""Reading what there is to tell, and what was told already."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from oracul.alerts.rules import ActiveAnomaly, FailedCheck, TroubledStep
from oracul.warehouse import Client

_HERE = Path(__file__).parent
FAILED_CHECKS_SQL = (_HERE / "failed_checks.sql").read_text(encoding="utf-8")
TROUBLED_STEPS_SQL = (_HERE / "troubled_steps.sql").read_text(encoding="utf-8")
ACTIVE_ANOMALIES_SQL = (_HERE / "active_anomalies.sql").read_text(encoding="utf-8")
TOLD_SQL = (_HERE / "told.sql").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Telling:
    """One row of `meta.alerts`, as far as the next telling depends on it."""

    status: str
    first_at: datetime
    count: int


def failed_checks(client: Client) -> list[FailedCheck]:
    """Critical checks whose newest result is a failure."""
    return [FailedCheck(*row) for row in client.query(FAILED_CHECKS_SQL).result_rows]


def troubled_steps(client: Client) -> list[TroubledStep]:
    """Steps whose newest run failed or degraded; the step that tells people is left out."""
    return [TroubledStep(*row) for row in client.query(TROUBLED_STEPS_SQL).result_rows]


def active_anomalies(client: Client) -> list[ActiveAnomaly]:
    """Findings of the ensemble that still stand."""
    return [ActiveAnomaly(*row) for row in client.query(ACTIVE_ANOMALIES_SQL).result_rows]


def tellings(client: Client, channel: str) -> dict[str, Telling]:
    """What was told, or failed to be, over `channel`, by alert id."""
    rows = client.query(TOLD_SQL, parameters={"channel": channel}).result_rows
    return {alert_id: Telling(*rest) for alert_id, *rest in rows}
