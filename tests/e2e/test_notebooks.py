"""The notebooks of the tutorials, run on the demo: they end well and print what is stored."""

import re

import nbformat
import pytest

from tests.fixtures.notebooks import NOTEBOOKS, printed, run_notebook
from tests.fixtures.project_copy import project_copy

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    with project_copy(tmp_path_factory.mktemp("notebooks") / "project") as project:
        project.expect("oracul demo")
        yield project


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_prints_what_is_stored_in_it(path, demo):
    stored = printed(nbformat.read(path, as_version=4))
    assert printed(run_notebook(path, demo)) == stored, (
        "`python -m tests.fixtures.notebooks` stores it anew"
    )
    assert ["a picture"] in stored


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_stored_notebook_names_no_place_of_a_machine(path):
    text = path.read_text(encoding="utf-8")
    assert re.findall(r"/(?:tmp|home|root)/|127\.0\.0\.1|site-packages", text) == []
