"""Tutorials, followed literally: every command is typed, every file written, every output seen."""

import socket

import pytest

from oracul.chains import PROJECT_ROOT
from oracul.stack.superset import superset_python
from tests.fixtures.project_copy import project_copy
from tests.fixtures.tutorial import follow

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]


def page(name):
    return (PROJECT_ROOT / "docs" / "tutorials" / name).read_text(encoding="utf-8")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@pytest.fixture
def project(tmp_path):
    with project_copy(tmp_path / "project") as copy:
        copy.environment.pop("ORACUL_DBT_DEV_NAME")
        yield copy


def test_first_model_does_what_it_says(project):
    assert follow(page("first-model.md"), project) > 10


@pytest.mark.skipif(not superset_python().exists(), reason="needs Superset (make setup)")
def test_first_dashboard_goes_on_from_the_published_model(project):
    for part in ("WAREHOUSE", "PREFECT", "SUPERSET"):
        project.environment[f"ORACUL_{part}__PORT"] = free_port()
    published, kept, _ = page("first-model.md").partition("Drop your schemas:")
    assert kept
    try:
        assert follow(published, project) > 5
        assert follow(page("first-dashboard.md"), project) > 10
    finally:
        project.run("oracul down")
