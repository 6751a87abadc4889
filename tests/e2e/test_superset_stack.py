"""Superset as a part of the stack: up with the others, back when it dies, gone with them."""

import os

import httpx
import psutil
import pytest

from oracul.settings import PrefectSettings
from oracul.stack import down, part_states, up
from tests.fixtures.operated_stack import wait_until
from tests.fixtures.superset import free_port, skip_without_superset, superset_settings, variables

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    """The stack of a home without data, up; its parts find the settings in the environment."""
    skip_without_superset()
    settings = superset_settings(tmp_path_factory.mktemp("stack") / "home").model_copy(
        update={"prefect": PrefectSettings(port=free_port())}
    )
    said = {k: v for k, v in variables(settings).items() if k.startswith("ORACUL_")}
    said["ORACUL_PREFECT__PORT"] = str(settings.prefect.port)
    os.environ.update(said)
    try:
        up(settings)
        yield settings
    finally:
        down(settings)
        for name in said:
            del os.environ[name]


def state(stack):
    return next(one for one in part_states(stack) if one.part.name == "superset")


def test_up_waits_until_superset_answers(stack):
    found = state(stack)
    assert found.is_healthy
    assert httpx.get(found.part.address + "/login/").status_code == 200


def test_superset_that_is_killed_comes_back(stack):
    before = state(stack)
    process = psutil.Process(before.pid)
    workers = process.children(recursive=True)
    for one in (process, *workers):
        one.kill()
    wait_until(lambda: state(stack).pid not in (0, before.pid), 60, "a new process")
    wait_until(lambda: state(stack).is_healthy, 180, "its health")


def test_down_leaves_nothing_of_it(stack):
    process = psutil.Process(state(stack).pid)
    mine = [process, *process.children(recursive=True)]
    assert down(stack)
    _, alive = psutil.wait_procs(mine, timeout=30)
    assert alive == []
