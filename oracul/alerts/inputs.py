"""Reading what there is to tell."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from oracul.alerts.conditions import (
    branch_alerts,
    budget_alerts,
    disk_alerts,
    gap_alerts,
    lag_alerts,
    late_alerts,
    price_alerts,
    proof_alerts,
)
from oracul.alerts.rules import (
    ActiveAnomaly,
    Alert,
    FailedCheck,
    TroubledStep,
    anomaly_alerts,
    check_alerts,
    step_alerts,
)
from oracul.alerts.states import (
    BranchChange,
    BrokenBlocks,
    ChainGap,
    ChainTip,
    Disk,
    RefusedAnswers,
    RpcUsage,
    StepRhythm,
)
from oracul.errors import WarehouseError
from oracul.log import get_logger
from oracul.settings import Settings
from oracul.warehouse import Client, warehouse_errors

Row = TypeVar("Row")
_HERE = Path(__file__).parent


def all_alerts(settings: Settings, client: Client, now: datetime) -> list[Alert]:
    """Everything that stands, anomalies of any severity included; states have no id yet."""
    return [
        *check_alerts(_rows(client, "failed_checks", FailedCheck)),
        *step_alerts(_rows(client, "troubled_steps", TroubledStep)),
        *state_alerts(settings, client, now),
        *anomaly_alerts(_rows(client, "active_anomalies", ActiveAnomaly), "low"),
    ]


def state_alerts(settings: Settings, client: Client, now: datetime) -> list[Alert]:
    """What the rules of `conditions` say of the warehouse as it is."""
    limits, followed = settings.alerts, followed_chains(settings)
    longest_lag = timedelta(minutes=limits.max_lag_minutes)
    at = {"now": now}
    gaps = _rows(client, "chain_gaps", ChainGap, followed=followed, filled_by=now - longest_lag)
    return [
        *late_alerts(_rows(client, "step_rhythms", StepRhythm, **at), now),
        *lag_alerts(_rows(client, "chain_tips", ChainTip, followed=followed), longest_lag, now),
        *gap_alerts(gaps),
        *branch_alerts(
            _rows(client, "branch_changes", BranchChange, **at), limits.min_reorg_blocks
        ),
        *proof_alerts(
            _rows(client, "refused_blocks", RefusedAnswers, **at),
            _rows(client, "broken_blocks", BrokenBlocks),
        ),
        *price_alerts(_rows(client, "refused_prices", RefusedAnswers, **at)),
        *disk_alerts(
            _disks(client),
            least_ratio=limits.min_free_disk_ratio,
            least_gb=limits.min_free_disk_gb,
        ),
        *budget_alerts(_rows(client, "rpc_usage", RpcUsage, **at), quotas(settings)),
    ]


def followed_chains(settings: Settings) -> list[str]:
    """Chains with an endpoint: those whose newest block should be new."""
    return sorted(name for name, chain in settings.chains.items() if chain.rpc_urls)


def quotas(settings: Settings) -> dict[str, int]:
    """Requests that a chain's endpoints may be sent in a day, where that is set."""
    quotas = {name: chain.daily_requests for name, chain in settings.chains.items()}
    return {name: quota for name, quota in quotas.items() if quota}


def _disks(client: Client) -> list[Disk]:
    """The warehouse's disks; none on a server whose roles, made before, may not see them."""
    try:
        with warehouse_errors("The disks cannot be read"):
            return _rows(client, "disks", Disk)
    except WarehouseError as error:
        get_logger().warning("disks_not_read", because=error.message)
        return []


def _rows(client: Client, query: str, row: type[Row], **values: Any) -> list[Row]:
    """The rows of a query of this folder."""
    sql = (_HERE / f"{query}.sql").read_text(encoding="utf-8")
    found = client.query(sql, parameters=values, tz_mode="aware").result_rows
    return [row(*facts) for facts in found]
