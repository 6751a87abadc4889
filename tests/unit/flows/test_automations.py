"""What the scheduler watches, without a server."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
import yaml
from prefect.server.events.schemas.automations import Automation
from prefect.server.events.schemas.events import RelatedResource, Resource
from prefect.server.utilities.user_templates import render_user_template

from flows import tasks
from flows.automations import ALERT as TELLING
from flows.automations import PREFIX, automations
from oracul.alerts.rules import TroubledStep, step_alerts
from oracul.chains import PROJECT_ROOT
from oracul.settings import PrefectSettings

ALERT = uuid4()
ALL = {
    one.name.removeprefix(PREFIX): one
    for one in automations(
        ALERT, PrefectSettings(late_minutes=7, no_worker_minutes=3, silent_minutes=9)
    )
}


def _on_server(name):
    """The automation as the server reads it, which checks its templates."""
    return Automation.model_validate(ALL[name].model_dump(mode="json"))


def _related(flow, tag="oracul"):
    return [
        RelatedResource(
            {
                "prefect.resource.id": f"prefect.flow.{uuid4()}",
                "prefect.resource.role": "flow",
                "prefect.resource.name": flow,
            }
        ),
        RelatedResource(
            {"prefect.resource.id": f"prefect.tag.{tag}", "prefect.resource.role": "tag"}
        ),
    ]


def _covers(name, flow, tag="oracul"):
    trigger = _on_server(name).trigger
    related = _related(flow, tag)
    wanted = trigger.match_related
    return all(one.includes(related) for one in (wanted if isinstance(wanted, list) else [wanted]))


@pytest.mark.parametrize("name", ALL)
def test_server_takes_it(name):
    assert _on_server(name).name == f"{PREFIX}{name}"


@pytest.mark.parametrize("name", ["a run crashed", "a run is late"])
def test_run_that_tells_does_not_tell_of_itself(name):
    assert _covers(name, "pipeline")
    assert not _covers(name, "alert")


@pytest.mark.parametrize("name", ["a run crashed", "a run is late"])
def test_runs_of_others_on_the_same_server_are_left_alone(name):
    assert not _covers(name, "pipeline", tag="theirs")


def test_waiting_times_are_those_of_the_settings():
    assert ALL["a run is late"].trigger.within == timedelta(minutes=7)
    assert ALL["no worker"].trigger.within == timedelta(minutes=3)
    assert ALL["a run fell silent"].trigger.within == timedelta(minutes=9)


@pytest.mark.parametrize("state", ["Completed", "Degraded", "Failed", "Crashed", "Cancelled"])
def test_run_that_has_ended_is_not_waited_for(state):
    assert f"prefect.flow-run.{state}" in ALL["a run fell silent"].trigger.expect


def test_all_but_the_silent_one_run_the_alert():
    acts = {name: one.actions[0] for name, one in ALL.items()}
    for name in ("a run fell silent", "a run did not begin"):
        assert acts.pop(name).state.value == "CRASHED"
    assert {one.deployment_id for one in acts.values()} == {ALERT}


def test_silent_run_of_others_is_left_alone():
    assert not _covers("a run fell silent", "pipeline", tag="theirs")


def test_pool_is_watched_by_its_name():
    match = _on_server("no worker").trigger.match
    pool = {"prefect.resource.id": f"prefect.work-pool.{uuid4()}"}
    assert match.matches(Resource(pool | {"prefect.resource.name": "oracul"}))
    assert not match.matches(Resource(pool | {"prefect.resource.name": "theirs"}))


def test_what_was_seen_is_not_left_out_while_another_run_tells():
    """A run beyond a limit is cancelled, and its parameters are gone."""
    config = yaml.safe_load((PROJECT_ROOT / "prefect.yaml").read_text())
    (flow, name), there = TELLING.split("/"), {one["name"]: one for one in config["deployments"]}
    assert there[name]["entrypoint"] == f"flows/alert.py:{flow}"
    assert "concurrency_limit" not in there[name]
    assert not there[name].get("schedules")
    told = [one.actions[0] for one in ALL.values() if one.actions[0].type == "run-deployment"]
    assert [action.deployment_id for action in told] == [ALERT] * 3


def _rendered(name, **context):
    action = ALL[name].actions[0]
    given = {key: action.parameters[key]["template"] for key in ("subject", "text")}
    return {key: asyncio.run(render_user_template(one, context)) for key, one in given.items()}


@pytest.mark.parametrize("name", ["a run crashed", "a run is late"])
def test_trouble_is_that_of_the_deployment(name):
    """`{{ deployment }}` is filled from the events of its runs; a run without one has a flow."""
    flow, run = {"name": "transform"}, {"name": "fast-ox"}
    rendered = _rendered(name, flow=flow, flow_run=run, deployment={"name": "marts-tokens"})
    assert rendered["subject"] == "marts-tokens"
    assert _rendered(name, flow=flow, flow_run=run, deployment=None)["subject"] == "transform"


@pytest.mark.parametrize("name", ["a run crashed", "a run is late"])
def test_reason_is_the_same_whatever_the_run_is_called(name):
    def told(run):
        event = {"resource": {"prefect.state-message": f"its process ended; see the log of {run}"}}
        text = _rendered(name, flow_run={"name": run}, event=event)["text"]
        row = TroubledStep("flow transform", "", "failed", text, run, "since")
        return step_alerts([row])[0]

    ox, owl = told("fast-ox"), told("wise-owl")
    assert ox.alert_id == owl.alert_id
    assert "fast-ox" in ox.body


def test_run_ends_the_trouble_of_its_deployment_alone(monkeypatch):
    over = []
    monkeypatch.setattr(tasks, "trouble_is_over", lambda kind, name: over.append((kind, name)))
    monkeypatch.setattr(tasks, "run_steps", lambda *_: iter(()))
    monkeypatch.setattr(tasks, "get_run_logger", lambda: None)
    monkeypatch.setattr(tasks, "show_outcomes", lambda *_: None)
    monkeypatch.setenv("PREFECT__RUNTIME__FLOW_RUN__FLOW_NAME", "transform")
    tasks.run_as_tasks([])
    monkeypatch.setenv("PREFECT__RUNTIME__DEPLOYMENT__NAME", "marts-tokens")
    tasks.run_as_tasks([])
    assert over == [("flow", "transform"), ("flow", "marts-tokens")]
