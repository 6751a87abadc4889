"""Steps as Prefect tasks: one call each, and a table of how they ended."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Any

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.runtime import deployment, flow_run
from prefect.states import Completed
from pydantic import Field, WithJsonSchema

from flows.artifacts import show_outcomes, shown
from flows.automations import DEGRADED
from flows.form import may_be_empty, told
from flows.main_job import run_steps, step_named
from flows.steps import Outcome, Run
from flows.trouble import trouble_is_over
from oracul.alerts.text import harmless
from oracul.chains import load_chains
from oracul.errors import ConfigError, ForkBelowFinality, OraculError, QualityError
from oracul.settings import load_settings
from oracul.times import utc_now
from oracul.units import plural
from oracul.warehouse.publish import MART_GROUPS

_CHAINS = sorted(load_chains())
SPAN = r"^\d+:\d+$"
SPAN_TEXT = "FIRST:END, END itself left out, as in 17686110:17686125."
# Longer states are cut by the page anyway; the table of the steps has all of it.
LONGEST_MESSAGE = 1000

KnownChain = Annotated[
    str,
    WithJsonSchema({"type": "string", "enum": _CHAINS, "description": "Which chain."}),
]
ChainName = Annotated[
    str | None,
    may_be_empty("Only this chain. Empty: every chain with an endpoint.", type="string",
                 enum=_CHAINS),
]  # fmt: skip
LastDays = Annotated[
    int | None,
    Field(ge=1),
    may_be_empty("Only this many UTC days up to today. Empty: everything.", type="integer",
                 minimum=1),
]  # fmt: skip
BlockSpan = Annotated[
    str | None,
    Field(pattern=SPAN),
    may_be_empty(f"{SPAN_TEXT} Empty: follow the chain.", type="string", pattern=SPAN),
]
StretchOfBlocks = Annotated[
    str | None,
    Field(pattern=SPAN),
    may_be_empty(f"{SPAN_TEXT} Or leave it empty and name days.", type="string", pattern=SPAN),
]
FullRefresh = Annotated[
    bool, told("Build and check everything again, not only the days whose inputs changed.")
]


def days_up_to_today(count: int | None) -> tuple[date, date] | None:
    """The last UTC days, both taken; None for None."""
    today = utc_now().date()
    return (today - timedelta(days=count - 1), today) if count else None


def run_name() -> str:
    """Name of a flow run: what it does and what it covers."""
    given = flow_run.parameters
    covers = [given[name] for name in ("chain", "blocks") if given.get(name)]
    if given.get("first_day"):
        covers.append(f"{given['first_day']} to {given.get('last_day') or given['first_day']}")
    if given.get("last_days"):
        covers.append(f"last {plural(int(given['last_days']), 'day')}")
    covers += _named(tuple(given.get("marts") or MART_GROUPS))
    if given.get("dry_run"):
        covers.append("(dry run)")
    return " ".join([flow_run.flow_name or "flow", *covers])


def _named(groups: tuple[str, ...]) -> list[str]:
    """The marts of a run that has not all of them."""
    return [] if set(groups) == set(MART_GROUPS) else [" ".join(groups)]


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


def run_as_tasks(names: Sequence[str] | None, run: Run | None = None) -> State[None]:
    """Run these steps (all when None) as tasks of the current flow and show how they ended.

    What it returns is how the flow ends: Completed, or Degraded when something is less than asked;
    its message says what was done. Raises the first failed step's OraculError after the steps that
    always run have run.
    """
    run = run or Run(load_settings())
    chosen = [step_named(name) for name in names] if names is not None else None
    span = _covered(run)
    log, outcomes = get_run_logger(), []
    for outcome in run_steps(run, lambda step, run: run_step(step.name, span, run), chosen):
        say = log.info if outcome.status == "done" else log.warning
        say("%s %s: %s", outcome.step, outcome.status, shown(outcome.summary))
        for message in getattr(outcome.detail, "messages", ()):
            log.warning("%s", message.text)
        outcomes.append(outcome)
    trouble_is_over("flow", deployment.name or flow_run.flow_name or "flow")
    show_outcomes(run.settings, run.run_id, outcomes)
    for outcome in outcomes:
        if outcome.status == "failed" and isinstance(outcome.detail, OraculError):
            raise outcome.detail
    return _ended(outcomes)


def _covered(run: Run) -> str:
    blocks = [f"{run.blocks[0]}:{run.blocks[1]}"] if run.blocks else []
    covers = [*([run.chain] if run.chain else []), *blocks, *_named(run.groups)]
    return " ".join(covers) or "all chains"


def _ended(outcomes: Sequence[Outcome]) -> State[None]:
    """How the flow ends, in the words of its steps: of those that are degraded, if any."""
    degraded = [one for one in outcomes if one.status == "degraded"]
    message = " ".join(f"{one.step}: {one.summary.rstrip('.')}." for one in degraded or outcomes)
    text = harmless(message, longest=LONGEST_MESSAGE)
    return Completed(name=DEGRADED if degraded else "Completed", message=text)
