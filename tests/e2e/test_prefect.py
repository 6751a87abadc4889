"""A real Prefect server takes our deployments, and its scheduler really creates runs of them."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from oracul.chains import PROJECT_ROOT

pytestmark = pytest.mark.slow

PREFECT = str(Path(sys.executable).with_name("prefect"))


@pytest.fixture(scope="module")
def prefect_environment(tmp_path_factory):
    """Variables of a server of its own, started for this module and stopped after it."""
    home = tmp_path_factory.mktemp("prefect")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {
        "ORACUL_PROJECT_DIR": str(PROJECT_ROOT),
        "PREFECT_HOME": str(home),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_CLI_PROMPT": "false",
        "DO_NOT_TRACK": "1",
    }
    with (home / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [PREFECT, "server", "start", "--host", "127.0.0.1", "--port", str(port)],
            env=environment, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            _wait_until(lambda: _healthy(environment["PREFECT_API_URL"]), seconds=120)
            yield environment
        finally:
            server.terminate()
            server.wait(30)


def _healthy(api):
    try:
        return httpx.get(f"{api}/health").status_code == 200
    except httpx.HTTPError:
        return False


def _wait_until(condition, seconds):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.5)


def _prefect(environment, *words):
    done = subprocess.run(
        [PREFECT, *words], env=environment, cwd=PROJECT_ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def deployed(prefect_environment):
    _prefect(prefect_environment, "work-pool", "create", "oracul", "--type", "process")
    _prefect(prefect_environment, "--no-prompt", "deploy", "--all")
    return httpx.Client(base_url=prefect_environment["PREFECT_API_URL"])


def test_every_deployment_of_the_file_is_there(deployed):
    names = {d["name"] for d in deployed.post("/deployments/filter", json={}).json()}
    assert names == {
        "pipeline", "ingest-chain", "ingest-prices", "transform", "validate", "detect", "alert",
    }  # fmt: skip


def test_scheduler_creates_runs_of_the_cron_schedule(deployed):
    question = {"flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}}
    _wait_until(lambda: deployed.post("/flow_runs/filter", json=question).json(), seconds=60)
    run = deployed.post("/flow_runs/filter", json=question).json()[0]
    deployment = deployed.get(f"/deployments/{run['deployment_id']}").json()
    assert deployment["name"] == "pipeline"


def test_run_form_refuses_a_span_that_is_none(deployed):
    deployment = deployed.get("/deployments/name/ingest-chain/ingest-chain").json()
    answer = deployed.post(
        f"/deployments/{deployment['id']}/create_flow_run",
        json={"parameters": {"chain": "ethereum", "blocks": "nonsense"}},
    )
    assert answer.status_code == 409
    assert "nonsense" in answer.text
