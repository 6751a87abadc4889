"""The steps of the main job as plain functions: what the flows schedule and the CLI runs.

Each step opens its own connection, can be run again at any time, and leaves a row in
`meta.pipeline_runs`. No Prefect here: a step runs the same with and without it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, get_args

from oracul.progress import Progress, Silent
from oracul.settings import Settings
from oracul.times import utc_now
from oracul.warehouse import (
    Client,
    Patience,
    StepRun,
    connect,
    group_step,
    migrate,
    new_run_id,
    step_run,
    warehouse_errors,
)
from oracul.warehouse.publish import MART_GROUPS

Status = Literal["done", "degraded", "failed", "skipped"]
What = Literal["chain", "prices", "marts", "anomalies"]
Order = Literal["newest_first", "oldest_first"]
ALL_OF_IT: tuple[What, ...] = get_args(What)


@dataclass(frozen=True)
class Run:
    """One run of the main job.

    `chain` None means every chain with an endpoint; `blocks` is half-open, None means follow the
    chain; `is_whole` builds and checks everything again, not only what changed; `groups` are the
    marts to build, check and publish; `now` is the instant freshness is judged at; `judged_at`
    when the door of the marts began, which sets it for publishing. For verifying:
    `days` are UTC days, both taken; `is_offline` asks no endpoint; `repairs` lands again what does
    not hold. For filling the past: `order` of the blocks, `what` to fill. For maintaining: `parts`
    are those to do, empty = all. With `is_rehearsal` a step changes nothing and is not recorded.
    """

    settings: Settings
    chain: str | None = None
    blocks: tuple[int, int] | None = None
    is_whole: bool = False
    groups: tuple[str, ...] = MART_GROUPS
    days: tuple[date, date] | None = None
    is_offline: bool = False
    repairs: bool = False
    order: Order = "newest_first"
    what: tuple[What, ...] = ALL_OF_IT
    parts: tuple[str, ...] = ()
    is_rehearsal: bool = False
    judged_at: datetime | None = None
    run_id: str = field(default_factory=new_run_id)
    now: datetime = field(default_factory=utc_now)
    progress: Progress = field(default_factory=Silent)


@dataclass(frozen=True)
class Outcome:
    """How a step ended. `detail` is the room's own report, for whoever wants to show more."""

    step: str
    status: Status
    summary: str
    detail: object = None


Body = Callable[[Run, Client, StepRun], Outcome]


@dataclass(frozen=True)
class Step:
    """A named step. `always` runs it even when a step before it failed (telling people).

    A step `by_chain` records itself once for each chain it goes through, any other for all. A step
    `by_group` of only some marts is recorded under a name of its own, as `transform:tokens`;
    one that only looks is not recorded.
    """

    name: str
    body: Body
    always: bool = False
    by_chain: bool = False
    by_group: bool = False
    is_recorded: bool = True

    def __call__(self, run: Run) -> Outcome:
        """Run the step and record it. Raises what the room raises."""
        client = connect(run.settings, _patience(run))
        try:
            migrate(client, dry_run=run.is_rehearsal)
            with warehouse_errors(f"{self.name} was stopped by ClickHouse"):
                # Each chain is recorded by itself; a rehearsal must not look like a run that ended.
                if self.by_chain or run.is_rehearsal or not self.is_recorded:
                    return self.body(run, client, StepRun())
                name = group_step(self.name, run.groups) if self.by_group else self.name
                with step_run(client, run.run_id, name) as record:
                    outcome = self.body(run, client, record)
                    record.degraded = outcome.summary if outcome.status == "degraded" else ""
                    return outcome
        finally:
            client.close()


def _patience(run: Run) -> Patience:
    """A step in progress waits for a warehouse that went away, and shows it beside its bar."""

    def tell(seconds: float | None) -> None:
        state = "back" if seconds is None else f"away for {seconds:.0f} s"
        run.progress.advance(0, warehouse=state)

    return Patience(run.settings.clickhouse.patience_seconds, tell)
