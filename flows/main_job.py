"""The main job: which steps there are and their order, for Prefect and the CLI alike."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from flows.steps import Outcome, Run, Step
from oracul.errors import OraculError, WarehouseError

Execute = Callable[[Step, Run], Outcome]


def steps() -> list[Step]:
    """The steps in order. Imported late, because rooms bring heavy libraries."""
    from flows import bodies

    return [
        Step("ingest_chain", bodies.ingest_chain, by_chain=True),
        Step("ingest_tokens", bodies.ingest_tokens, by_chain=True),
        Step("ingest_prices", bodies.ingest_prices),
        Step("validate_raw", bodies.validate_raw),
        Step("transform", bodies.transform, by_group=True),
        Step("validate_marts", bodies.validate_marts, by_group=True),
        Step("publish", bodies.publish, by_group=True),
        Step("detect", bodies.detect),
        Step("alert", bodies.alert, always=True),
    ]


def steps_apart() -> list[Step]:
    """Steps that are run by themselves, not in the main job."""
    from flows import backfilling, bodies

    return [
        Step("verify", bodies.verify),
        Step("maintain", bodies.maintain),
        Step("plan_backfill", backfilling.plan_backfill, is_recorded=False),
        Step("backfill_chain", backfilling.backfill_chain, by_chain=True),
        Step("backfill_prices", backfilling.backfill_prices, by_chain=True),
    ]


def step_named(name: str) -> Step:
    """One step. Raises KeyError for a name that nothing has."""
    return {step.name: step for step in (*steps(), *steps_apart())}[name]


def run_steps(run: Run, execute: Execute, chosen: list[Step] | None = None) -> Iterator[Outcome]:
    """Run steps one after the other and yield how each ended, as it ends.

    After a failed step the others are skipped, except those that always run. An error that Oracul
    raised on purpose ends as a failed outcome; any other is raised.
    """
    failed = ""
    for step in chosen if chosen is not None else steps():
        if failed and not step.always:
            yield Outcome(step.name, "skipped", f"because {failed} failed")
            continue
        try:
            outcome = execute(step, run)
        except OraculError as error:
            outcome = Outcome(step.name, "failed", str(error), error)
            if step.always and isinstance(error, WarehouseError):
                _tell_anyway(run, error)
        if outcome.status == "failed":
            failed = failed or step.name
        # What is published is what the door of this run saw, not what others built since.
        run = replace(run, judged_at=getattr(outcome.detail, "judged_at", run.judged_at))
        yield outcome


def call(step: Step, run: Run) -> Outcome:
    """Execute a step right here."""
    return step(run)


def _tell_anyway(run: Run, error: WarehouseError) -> None:
    """The step that tells people could not use the warehouse: tell them that."""
    from oracul.alerts.last_resort import tell_without_ledger

    tell_without_ledger(run.settings, str(error), run_id=run.run_id, now=run.now)
