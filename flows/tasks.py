"""Steps as Prefect tasks: one call each, and a table of how they ended."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Any

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.runtime import deployment, flow_run
from pydantic import Field

from flows.artifacts import show_outcomes, shown
from flows.main_job import run_steps, step_named
from flows.steps import Outcome, Run
from flows.trouble import trouble_is_over
from oracul.chains import load_chains
from oracul.errors import ConfigError, ForkBelowFinality, OraculError, QualityError
from oracul.settings import load_settings
from oracul.times import utc_now

KnownChain = Annotated[
    str, Field(description="Chain slug.", json_schema_extra={"enum": sorted(load_chains())})
]
ChainName = Annotated[
    str | None,
    Field(
        description="Chain slug, as in ethereum. Empty: every chain with an endpoint.",
        json_schema_extra={"enum": [None, *sorted(load_chains())]},
    ),
]
LastDays = Annotated[
    int | None,
    Field(description="Only this many UTC days up to today. Empty: everything.", ge=1),
]
BlockSpan = Annotated[
    str | None,
    Field(
        description="FIRST:END, END left out, as in 17686110:17686125. Empty: follow the chain.",
        pattern=r"^\d+:\d+$",
    ),
]


def days_up_to_today(count: int | None) -> tuple[date, date] | None:
    """The last UTC days, both taken; None for None."""
    today = utc_now().date()
    return (today - timedelta(days=count - 1), today) if count else None


def run_name() -> str:
    """Name of a flow run: what it does and what it covers."""
    given = flow_run.parameters
    covers = [given[name] for name in ("chain", "blocks") if given.get(name)]
    return " ".join([flow_run.flow_name or "flow", *covers])


def _may_pass(_task: object, _run: object, state: State[Any]) -> bool:
    """Whether trying again could help: not when data, settings or the chain say no."""
    return not isinstance(state.data, (QualityError, ConfigError, ForkBelowFinality))


@task(
    task_run_name="{name} {span}",
    retries=1,
    retry_delay_seconds=15,
    retry_condition_fn=_may_pass,
    cache_policy=NO_CACHE,
)
def run_step(name: str, span: str, run: Run) -> Outcome:
    """Run one step. Safe to retry: every step can be run again at any time."""
    return step_named(name)(run)


def run_as_tasks(names: Sequence[str] | None, run: Run | None = None) -> list[Outcome]:
    """Run these steps (all when None) as tasks of the current flow and show how they ended.

    Raises the first failed step's OraculError after the steps that always run have run.
    """
    run = run or Run(load_settings())
    chosen = [step_named(name) for name in names] if names is not None else None
    span = f"{run.blocks[0]}:{run.blocks[1]}" if run.blocks else run.chain or "all chains"
    log, outcomes = get_run_logger(), []
    for outcome in run_steps(run, lambda step, run: run_step(step.name, span, run), chosen):
        say = log.info if outcome.status == "done" else log.warning
        say("%s %s: %s", outcome.step, outcome.status, shown(outcome.summary))
        for message in getattr(outcome.detail, "messages", ()):
            log.warning("%s", message.text)
        outcomes.append(outcome)
    trouble_is_over("flow", deployment.name or flow_run.flow_name or "flow")
    show_outcomes(run.run_id, outcomes)
    for outcome in outcomes:
        if outcome.status == "failed" and isinstance(outcome.detail, OraculError):
            raise outcome.detail
    return outcomes
