"""The local stack for real: up, its Prefect server takes our deployments, a part that dies comes
back, down. One stack for the file, on free ports."""

import os
import socket
import time
from contextlib import contextmanager
from datetime import timedelta
from uuid import uuid4

import httpx
import psutil
import pytest
import yaml

from flows.automations import automations, register
from flows.old_runs import delete_old_runs
from oracul.chains import PROJECT_ROOT
from oracul.errors import ConfigError
from oracul.settings import PrefectSettings, Settings, SupersetSettings, WarehouseSettings
from oracul.stack import down, part_states, up
from oracul.times import utc_now
from oracul.warehouse import connect, migrate
from oracul.warehouse.embedded import running

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return Settings(
        home=tmp_path_factory.mktemp("stack"),
        warehouse=WarehouseSettings(port=0),
        prefect=PrefectSettings(port=port),
        superset=SupersetSettings(enabled=False),
        _env_file=None,
    )


@pytest.fixture(scope="module")
def stack(settings):
    """The stack of the settings, up; the parts find them in the environment."""
    mine = {
        "ORACUL_HOME": str(settings.home),
        "ORACUL_WAREHOUSE__PORT": "0",
        "ORACUL_PREFECT__PORT": str(settings.prefect.port),
        "ORACUL_SUPERSET__ENABLED": "false",
    }
    os.environ.update(mine)
    try:
        up(settings)
        yield settings
    finally:
        down(settings)
        for name in mine:
            del os.environ[name]


@pytest.fixture(scope="module")
def deployed(stack):
    with httpx.Client(base_url=_api(stack), timeout=30) as client:
        yield client


def _api(stack):
    return f"http://127.0.0.1:{stack.prefect.port}/api"


@contextmanager
def prefect_client(stack):
    """Prefect's own client of this stack's server."""
    from prefect.client.orchestration import get_client
    from prefect.settings import PREFECT_API_URL, temporary_settings

    with temporary_settings({PREFECT_API_URL: _api(stack)}), get_client(sync_client=True) as client:
        yield client


def _wait_until(condition, seconds):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.5)


def _state(stack, name):
    return next(state for state in part_states(stack) if state.part.name == name)


def test_every_deployment_of_the_file_is_there(deployed):
    names = {d["name"] for d in deployed.post("/deployments/filter", json={}).json()}
    told = yaml.safe_load((PROJECT_ROOT / "prefect.yaml").read_text())["deployments"]
    assert names == {deployment["name"] for deployment in told} >= {"pipeline", "verify"}


def test_scheduler_creates_runs_of_the_cron_schedule(deployed):
    question = {"flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}}

    def scheduled():
        runs = deployed.post("/flow_runs/filter", json=question).json()
        ids = {run["deployment_id"] for run in runs}
        return {deployed.get(f"/deployments/{one}").json()["name"] for one in ids}

    # No chain has an endpoint here, so nothing is followed.
    always = {"transform", "marts-tokens", "marts-addresses", "detect", "validate", "verify"}
    _wait_until(lambda: scheduled() == always | {"maintain", "alert"}, seconds=60)


def test_run_form_refuses_a_span_that_is_none(deployed):
    deployment = deployed.get("/deployments/name/ingest-chain/ingest-chain").json()
    answer = deployed.post(
        f"/deployments/{deployment['id']}/create_flow_run",
        json={"parameters": {"chain": "ethereum", "blocks": "nonsense"}},
    )
    assert answer.status_code == 409
    assert "nonsense" in answer.text


def test_every_part_is_up_and_healthy(stack):
    states = {state.part.name: (state.process, state.is_healthy) for state in part_states(stack)}
    parts = ("warehouse", "prefect", "worker", "worker-ingest")
    assert states == dict.fromkeys(parts, ("RUNNING", True))


def test_automations_are_there_once_and_those_that_are_gone_are_deleted(stack):
    def names():
        with httpx.Client(base_url=_api(stack), timeout=30) as client:
            found = client.post("/automations/filter", json={}).json()
            return sorted(one["name"] for one in found)

    mine = sorted(one.name for one in automations(uuid4(), stack.prefect))
    assert names() == mine
    with prefect_client(stack) as client:
        gone = automations(uuid4(), stack.prefect)[0].model_copy(update={"name": "oracul: gone"})
        client.create_automation(gone)
        client.create_automation(gone.model_copy(update={"name": "somebody's own"}))
        assert register(client, stack.prefect) == ["deleted oracul: gone"]
        assert register(client, stack.prefect) == []
    assert names() == sorted([*mine, "somebody's own"])


def test_run_that_is_killed_is_told(stack, deployed):
    deployment = deployed.get("/deployments/name/validate/validate").json()
    run = deployed.post(f"/deployments/{deployment['id']}/create_flow_run", json={}).json()
    worker = psutil.Process(_state(stack, "worker").pid)
    _wait_until(lambda: _children_of_run(worker, run["id"]), seconds=120)
    for process in _children_of_run(worker, run["id"]):
        process.kill()
    _wait_until(
        lambda: deployed.get(f"/flow_runs/{run['id']}").json()["state_name"] == "Crashed", 120
    )
    warehouse = connect(stack)
    migrate(warehouse)
    _wait_until(lambda: _told(warehouse, "flow validate failed"), seconds=180)
    ((rule, body),) = _told(warehouse, "flow validate failed")
    assert rule == "step_failed"
    # It has its own name once it begins.
    assert deployed.get(f"/flow_runs/{run['id']}").json()["name"] in body
    assert "crashed" in body


def test_old_runs_go_with_their_artifacts_and_logs(stack, deployed):
    """Those of the test before: one that was killed, one that told."""
    ended = {"flow_runs": {"state": {"type": {"any_": ["CRASHED", "COMPLETED", "FAILED"]}}}}
    _wait_until(lambda: len(deployed.post("/flow_runs/filter", json=ended).json()) > 1, seconds=120)
    long_ago, now = utc_now() - timedelta(days=30), utc_now()
    # Schedules go on meanwhile.
    ended["flow_runs"]["end_time"] = {"before_": now.isoformat()}
    theirs = deployed.post("/flow_runs/filter", json=ended).json()
    with prefect_client(stack):
        assert delete_old_runs(long_ago) == 0
        assert delete_old_runs(now, is_rehearsal=True) == len(theirs)
        assert delete_old_runs(now, most=1) == 1
        assert delete_old_runs(now) == len(theirs) - 1
    assert deployed.post("/flow_runs/filter", json=ended).json() == []
    of_them = {"any_": [run["id"] for run in theirs]}
    for kind in ("artifacts", "logs"):
        asked = {kind: {"flow_run_id": of_them}}
        _wait_until(lambda k=kind, q=asked: deployed.post(f"/{k}/filter", json=q).json() == [], 60)


def _children_of_run(worker, run_id):
    """The process of a flow run: the worker tells it its run by a variable."""
    found = []
    for process in worker.children(recursive=True):
        try:
            if process.environ().get("PREFECT__FLOW_RUN_ID") == run_id:
                found.append(process)
        except psutil.Error:
            continue
    return found


def _told(client, title):
    return client.query(
        "select rule, body from meta.alerts final where title = {title:String}"
        " and channel = 'console'",
        parameters={"title": title},
    ).result_rows


def test_up_again_leaves_what_runs_as_it_is(stack):
    before = [state.pid for state in part_states(stack)]
    assert [state.pid for state in up(stack)] == before


def test_worker_that_dies_is_started_again(stack):
    pid = _state(stack, "worker").pid
    psutil.Process(pid).kill()
    _wait_until(lambda: _state(stack, "worker").pid not in (0, pid), seconds=60)
    _wait_until(lambda: _state(stack, "worker").is_healthy, seconds=60)


def test_warehouse_that_dies_is_started_again(stack):
    pid = running(stack).pid
    psutil.Process(pid).kill()
    _wait_until(lambda: (running(stack) or pid) != pid and running(stack).pid != pid, seconds=60)


def test_other_stack_on_the_same_port_is_refused(stack, tmp_path):
    other = stack.model_copy(update={"home": tmp_path})
    with pytest.raises(ConfigError, match="taken by another program"):
        up(other)
    assert part_states(other) == []


def test_down_stops_every_process_of_the_stack(stack):
    mine = [state.pid for state in part_states(stack)] + [running(stack).pid]
    assert down(stack)
    _wait_until(lambda: not any(psutil.pid_exists(pid) for pid in mine), seconds=60)
    assert part_states(stack) == []
    assert not down(stack)
