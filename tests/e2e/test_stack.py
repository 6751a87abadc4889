"""The local stack for real: up, its Prefect server takes our deployments, a part that dies comes
back, down. One stack for the file, on free ports."""

import os
import socket
import time

import httpx
import psutil
import pytest
import yaml

from oracul.chains import PROJECT_ROOT
from oracul.errors import ConfigError
from oracul.settings import PrefectSettings, Settings, WarehouseSettings
from oracul.stack import down, part_states, up
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
        _env_file=None,
    )


@pytest.fixture(scope="module")
def stack(settings):
    """The stack of the settings, up; the parts find them in the environment."""
    mine = {
        "ORACUL_HOME": str(settings.home),
        "ORACUL_WAREHOUSE__PORT": "0",
        "ORACUL_PREFECT__PORT": str(settings.prefect.port),
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
    api = f"http://127.0.0.1:{stack.prefect.port}/api"
    with httpx.Client(base_url=api, timeout=30) as client:
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

    _wait_until(lambda: scheduled() == {"pipeline", "alert"}, seconds=60)


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
    assert states == dict.fromkeys(("warehouse", "prefect", "worker"), ("RUNNING", True))


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
