"""Tutorials, followed literally: every command is typed, every file written, every output seen."""

import pytest

from oracul.chains import PROJECT_ROOT
from tests.fixtures.project_copy import project_copy
from tests.fixtures.tutorial import follow

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]


@pytest.mark.parametrize("name", ["first-model.md"])
def test_tutorial_does_what_it_says(name, tmp_path):
    page = (PROJECT_ROOT / "docs" / "tutorials" / name).read_text(encoding="utf-8")
    with project_copy(tmp_path / "project") as project:
        project.environment.pop("ORACUL_DBT_DEV_NAME")
        assert follow(page, project) > 10
