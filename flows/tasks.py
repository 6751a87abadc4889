"""Steps as Prefect tasks: one call each, and a table of how they ended."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

from prefect import get_run_logger, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from pydantic import Field

from flows.main_job import run_steps, step_named
from flows.steps import Outcome, Run, Step
from flows.trouble import trouble_is_over
from oracul.alerts.text import harmless
from oracul.errors import ConfigError, ForkBelowFinality, OraculError, QualityError
from oracul.settings import load_settings
from oracul.spans import parse_blocks

ChainName = Annotated[
    str | None,
    Field(description="Chain slug, as in ethereum. Empty: every chain with an endpoint."),
]
BlockSpan = Annotated[
    str | None,
    Field(
        description="FIRST:END, END left out, as in 17686110:17686125. Empty: follow the chain.",
        pattern=r"^\d+:\d+$",
    ),
]


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


def _shown(outcome: Outcome) -> str:
    """The summary for Prefect's pages and logs: a node's words in it must not act there."""
    return harmless(outcome.summary, longest=4000)


def run_as_tasks(
    names: Sequence[str] | None,
    *,
    chain: str | None = None,
    blocks: str | None = None,
    is_whole: bool = False,
    days: tuple[date, date] | None = None,
    is_offline: bool = False,
    repairs: bool = False,
    parts: Sequence[str] = (),
    is_rehearsal: bool = False,
) -> list[Outcome]:
    """Run these steps (all when None) as tasks of the current flow and publish how they ended.

    Raises the first failed step's OraculError after the steps that always run have run.
    """
    run = Run(
        load_settings(), chain=chain, blocks=parse_blocks(blocks), is_whole=is_whole,
        days=days, is_offline=is_offline, repairs=repairs, parts=tuple(parts),
        is_rehearsal=is_rehearsal,
    )  # fmt: skip
    chosen = [step_named(name) for name in names] if names is not None else None

    def execute(step: Step, run: Run) -> Outcome:
        return run_step(step.name, blocks or chain or "all chains", run)

    log, outcomes = get_run_logger(), []
    for outcome in run_steps(run, execute, chosen):
        say = log.info if outcome.status == "done" else log.warning
        say("%s %s: %s", outcome.step, outcome.status, _shown(outcome))
        for message in getattr(outcome.detail, "messages", ()):
            log.warning("%s", message.text)
        outcomes.append(outcome)
    trouble_is_over("flow", flow_run.flow_name or "flow")
    create_table_artifact(
        key=f"{(flow_run.flow_name or 'flow').replace('_', '-')}-steps",
        table=[{"step": o.step, "status": o.status, "what": _shown(o)} for o in outcomes],
        description=f"Run {run.run_id}: how each step ended",
    )
    for outcome in outcomes:
        if outcome.status == "failed" and isinstance(outcome.detail, OraculError):
            raise outcome.detail
    return outcomes
