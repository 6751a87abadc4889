"""STORE: the only room that speaks to ClickHouse's drivers. Everybody else meets in its tables."""

from clickhouse_connect.driver.client import Client

from oracul.warehouse.client import (
    as_warehouse_error,
    connect,
    connection_environment,
    warehouse_errors,
)
from oracul.warehouse.ledger import (
    RejectedRow,
    StepRun,
    group_step,
    last_ended_well,
    new_run_id,
    record_over,
    record_rejected,
    record_trouble,
    step_run,
)
from oracul.warehouse.migrate import migrate
from oracul.warehouse.patience import Patience
from oracul.warehouse.usage import Used, metered, used_on

__all__ = [
    "Client",
    "Patience",
    "RejectedRow",
    "StepRun",
    "Used",
    "as_warehouse_error",
    "connect",
    "connection_environment",
    "group_step",
    "last_ended_well",
    "metered",
    "migrate",
    "new_run_id",
    "record_over",
    "record_rejected",
    "record_trouble",
    "step_run",
    "used_on",
    "warehouse_errors",
]
