"""Writing down what ran and what was refused: `meta.pipeline_runs` and `meta.rejected_rows`."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from oracul.errors import WarehouseError
from oracul.log import get_logger
from oracul.redact import without_secrets
from oracul.times import utc_now
from oracul.warehouse.client import first_words
from oracul.warehouse.publish import MART_GROUPS

PAYLOAD_LIMIT = 4096
_RUN_TIME = "%Y%m%dT%H%M%S"


def new_run_id() -> str:
    """An id for all steps of one run; sorts by time."""
    return f"{utc_now():{_RUN_TIME}}-{uuid4().hex[:8]}"


@dataclass(frozen=True)
class RejectedRow:
    """An answer that was not believed.

    `source` is a name without secrets, `key` what the answer claimed to be (`ethereum/18000000`).
    """

    source: str
    table: str
    key: str
    reason: str
    payload: str = ""


def record_rejected(client: Client, rows: Sequence[RejectedRow]) -> None:
    """Append refused answers to `meta.rejected_rows`, payloads cut to 4 KiB."""
    if not rows:
        return
    now = utc_now()
    client.insert(
        "rejected_rows",
        [
            [r.source, r.table, r.key, without_secrets(r.reason),
             without_secrets(r.payload[:PAYLOAD_LIMIT]), now]
            for r in rows
        ],
        database="meta",
        column_names=["source", "table", "key", "reason", "payload", "rejected_at"],
    )  # fmt: skip


def group_step(step: str, groups: Sequence[str]) -> str:
    """The name under which a step of these groups of marts is recorded."""
    return step if set(groups) == set(MART_GROUPS) else f"{step}:{'+'.join(sorted(groups))}"


_RUN_COLUMNS = ["run_id", "step", "chain", "span", "started_at", "finished_at", "status", "rows_in",
                "rows_out", "error", "version"]  # fmt: skip


# What each step asks of the ledger is asked of its newest rows: all of it is millions of rows.
LOOKED_BACK = timedelta(days=7)


def _first_run_id(now: datetime) -> str:
    """The least id of the runs looked back at: ids begin with the time, and the rows go by them."""
    return f"{now - LOOKED_BACK:{_RUN_TIME}}"


def last_ended_well(client: Client, step: str, chain: str) -> datetime | None:
    """When the last run of a step over a chain that ended done or degraded began.

    Degraded counts: a part that fails each time must not make every run look further back. None
    when there was none in a week (LOOKED_BACK): the caller then looks at everything.
    """
    rows = client.query(
        "select maxOrNull(started_at) from meta.pipeline_runs final"
        " where run_id >= {first:String} and step = {step:String} and chain = {chain:String}"
        " and status in ('done', 'degraded')",
        parameters={"first": _first_run_id(utc_now()), "step": step, "chain": chain},
    ).result_rows
    began: datetime | None = rows[0][0]
    return began.replace(tzinfo=UTC) if began else None


# A step that ran this long without an end was killed, or its warehouse was.
ABANDONED_AFTER = timedelta(hours=1)


@dataclass
class StepRun:
    """A step in progress; set the counts (and `degraded`) before it ends."""

    rows_in: int = 0
    rows_out: int = 0
    degraded: str = ""


@contextmanager
def step_run(
    client: Client, run_id: str, step: str, *, chain: str = "", span: str = ""
) -> Iterator[StepRun]:
    """Record a step of a run in `meta.pipeline_runs`: running, then done, degraded or failed.

    A failure is recorded with its message and raised again. A step that is killed stays `running`
    until the next one of its name and chain finds it, an hour old and of a run of the last week,
    and records it as failed.
    """
    started_at = utc_now()
    run = StepRun()
    _record_abandoned(client, step, chain, started_at)

    def write(status: str, finished_at: datetime | None, error: str) -> None:
        now = utc_now()
        client.insert(
            "pipeline_runs",
            [[run_id, step, chain, span, started_at, finished_at, status, run.rows_in, run.rows_out,
              without_secrets(error)[:2000], int(now.timestamp() * 1_000_000)]],
            database="meta",
            column_names=_RUN_COLUMNS,
        )  # fmt: skip

    write("running", None, "")
    try:
        yield run
    except BaseException as error:
        try:
            write("failed", utc_now(), f"{type(error).__name__}: {error}")
        except (ClickHouseError, WarehouseError) as second:
            # What stopped the step matters more than that this cannot be written down.
            get_logger().warning("step_end_not_recorded", step=step, because=first_words(second))
        raise
    write("degraded" if run.degraded else "done", utc_now(), run.degraded)


def record_trouble(client: Client, run_id: str, step: str, why: str) -> None:
    """Record as failed what could not record itself: a process that was killed, or never began."""
    now = utc_now()
    _write_end(client, run_id, step, "failed", now, why)


def record_over(client: Client, run_id: str, step: str) -> bool:
    """Record that such trouble is over, if it stands; True when it did."""
    rows = client.query(_STANDS_SQL, parameters={"step": step}).result_rows
    if rows[0][0] != "failed":
        return False
    _write_end(client, run_id, step, "done", utc_now(), "")
    return True


# Trouble may stand for months, so all rows are looked at; without FINAL only their `step` is read.
_STANDS_SQL = """
select argMax(status, (started_at, version)) from meta.pipeline_runs where step = {step:String}
"""


def _write_end(
    client: Client, run_id: str, step: str, status: str, now: datetime, error: str
) -> None:
    client.insert(
        "pipeline_runs",
        [[run_id, step, "", "", now, now, status, 0, 0, without_secrets(error)[:2000],
          int(now.timestamp() * 1_000_000)]],
        database="meta",
        column_names=_RUN_COLUMNS,
    )  # fmt: skip


def _record_abandoned(client: Client, step: str, chain: str, now: datetime) -> None:
    # Wrong about a step that is only slow? Its own end comes later and counts more.
    client.command(
        "insert into meta.pipeline_runs select * replace ("
        "'failed' as status, {now:DateTime64(3)} as finished_at,"
        " 'it never ended: the command or the warehouse was killed' as error,"
        " version + 1 as version) from ("
        "select * from meta.pipeline_runs final where run_id >= {first:String}"
        " and step = {step:String} and chain = {chain:String} and status = 'running'"
        " and started_at < {limit:DateTime64(3)})",
        parameters={"now": now, "first": _first_run_id(now), "step": step, "chain": chain,
                    "limit": now - ABANDONED_AFTER},
    )  # fmt: skip
