"""Order of the main job: a failed step stops what depends on it, never the telling."""

from flows.main_job import run_steps, steps
from flows.steps import Outcome, Run, Step
from oracul.errors import QualityError
from oracul.settings import Settings


def _step(name, *, status="done", error=None, always=False):
    def body(run, client, record):
        if error:
            raise error
        return Outcome(name, status, "")

    return Step(name, body, always)


def _execute(step, run):
    return step.body(run, None, None)


def _run(*chosen):
    return [(o.step, o.status) for o in run_steps(Run(Settings()), _execute, list(chosen))]


def test_steps_after_a_failed_one_are_skipped():
    ended = _run(_step("a"), _step("b", error=QualityError("bad")), _step("c"))
    assert ended == [("a", "done"), ("b", "failed"), ("c", "skipped")]


def test_step_that_always_runs_is_not_skipped():
    ended = _run(_step("a", error=QualityError("bad")), _step("tell", always=True))
    assert ended == [("a", "failed"), ("tell", "done")]


def test_degraded_step_does_not_stop_the_next():
    assert _run(_step("a", status="degraded"), _step("b")) == [("a", "degraded"), ("b", "done")]


def test_failed_step_keeps_its_error():
    error = QualityError("sums differ", hint="look at Data Docs")
    outcome = next(iter(run_steps(Run(Settings()), _execute, [_step("a", error=error)])))
    assert outcome.detail is error


def test_door_one_stands_before_transform_and_door_two_before_publication():
    names = [step.name for step in steps()]
    doors = ["validate_raw", "transform", "validate_marts", "publish", "detect"]
    assert [name for name in names if name in doors] == doors
