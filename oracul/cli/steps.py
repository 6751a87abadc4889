"""Running steps of the main job from the command line: print each end, choose the exit code."""

import typer

from flows.main_job import call, run_steps, step_named
from flows.steps import Outcome, Run
from oracul.cli.console import Bar, say_outcome, say_skipped, warn
from oracul.errors import OraculError
from oracul.stopping import terminating_as_interrupt
from oracul.units import plural

INTERRUPTED = 130


def run_and_exit(run: Run, names: list[str] | None = None, *, strict: bool = False) -> None:
    """Run these steps (all when None) and leave with 0 when done, 1 when one failed.

    A degraded step is a warning and exit code 0, or 1 with `strict`.
    """
    outcomes = run_named(run, names)
    failed = [o for o in outcomes if o.status == "failed"]
    degraded = [o for o in outcomes if o.status == "degraded"]
    if degraded and strict:
        warn(f"Failing because of --strict: {plural(len(degraded), 'step')} marked ! above.")
    if failed or (strict and degraded):
        raise typer.Exit(_exit_code(failed))


def run_named(run: Run, names: list[str] | None = None, *, is_brief: bool = False) -> list[Outcome]:
    """Run these steps and say how each ended; `is_brief` leaves the text of the alerts out."""
    chosen = [step_named(name) for name in names] if names is not None else None
    outcomes = []
    try:
        with terminating_as_interrupt():
            for outcome in run_steps(run, call, chosen):
                run.progress.finish()
                outcomes.append(outcome)
                if outcome.status != "skipped":
                    say_outcome(outcome, is_brief=is_brief)
        say_skipped(outcomes)
    except KeyboardInterrupt as stop:
        run.progress.finish()
        done = f" {stop}." if str(stop) else ""
        warn(f"Interrupted.{done} What was landed stays; type the same command to go on.")
        raise typer.Exit(INTERRUPTED) from stop
    return outcomes


def run_quietly(run: Run, name: str) -> Outcome:
    """Run one step and say nothing of its end, for verbs with a page of their own."""
    try:
        with terminating_as_interrupt():
            (outcome,) = run_steps(run, call, [step_named(name)])
        run.progress.finish()
    except KeyboardInterrupt as stop:
        run.progress.finish()
        warn(f"Interrupted. {stop}. What was found so far is kept.")
        raise typer.Exit(INTERRUPTED) from stop
    return outcome


def new_run(*, chain: str | None = None, blocks: tuple[int, int] | None = None) -> Run:
    """A run with this process's settings and a bar."""
    from oracul.cli.console import settings

    return Run(settings(), chain=chain, blocks=blocks, progress=Bar())


def new_chain_run(*, chain: str | None = None, blocks: tuple[int, int] | None = None) -> Run:
    """A run that needs an endpoint. Raises ConfigError before anything starts when none is set."""
    from flows.bodies import chains_to_run

    run = new_run(chain=chain, blocks=blocks)
    chains_to_run(run)
    return run


def _exit_code(failed: list[Outcome]) -> int:
    codes = [o.detail.exit_code for o in failed if isinstance(o.detail, OraculError)]
    return codes[0] if codes else 1
