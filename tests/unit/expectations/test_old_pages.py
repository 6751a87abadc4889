"""Old result pages go, those that an index leads to stay."""

import json
from datetime import UTC, datetime

import pytest

from expectations.old_pages import remove_old_pages
from oracul.settings import Settings

BEFORE = datetime(2026, 3, 1, tzinfo=UTC)
OLD, LAST, NEW = "20260101T000000-aa", "20260102T000000-bb", "20260305T000000-cc"


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path, _env_file=None)


def _page(settings, run):
    folder = settings.home / "data-docs" / "raw" / "validations" / "raw" / "blocks" / run / "t"
    folder.mkdir(parents=True)
    page = folder / "page.html"
    page.write_text("x")
    return page


def _show(settings, page):
    docs = settings.home / "data-docs"
    pages = {"raw.blocks": page.relative_to(docs).as_posix()}
    (docs / "raw" / "checks.json").write_text(json.dumps({"pages": pages}))


def test_pages_of_old_runs_go_but_for_those_shown(settings):
    old, last, new = (_page(settings, run) for run in (OLD, LAST, NEW))
    _show(settings, last)
    assert remove_old_pages(settings, BEFORE, is_rehearsal=True) == 1
    assert remove_old_pages(settings, BEFORE) == 1
    assert [page.exists() for page in (old, last, new)] == [False, True, True]


def test_folder_that_is_no_run_stays(settings):
    page = _page(settings, "notes")
    assert remove_old_pages(settings, BEFORE) == 0
    assert page.exists()


def test_home_without_pages_is_fine(settings):
    assert remove_old_pages(settings, BEFORE) == 0
