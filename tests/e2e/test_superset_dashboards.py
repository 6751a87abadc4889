"""Every dashboard on the demo's data, as each user sees it in a real browser.

Nothing is missing, empty or an error, and nothing is asked of another machine. ORACUL_SCREENSHOTS
names a folder to keep the pictures in.
"""

import re

import pytest

from tests.fixtures.browser import chromium
from tests.fixtures.dashboards import LAPTOP, PIXEL, WIDE, charts_of, looking, repository
from tests.fixtures.superset import USERS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

DASHBOARDS = sorted(repository().dashboards)
# The analyst works on a laptop.
WIDTHS = {"viewer": WIDE, "analyst": LAPTOP, "admin": WIDE}
# A chart without data draws its axes, in grey.
COLOURED_PIXELS = 60


@pytest.fixture(scope="module")
def browser():
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module", params=[(user, one) for user in USERS for one in DASHBOARDS],
                ids="-".join)  # fmt: skip
def seen(request, browser, superset, screenshots):
    """A dashboard that a user opened, tab by tab: the page, and its panels by chart."""
    user, dashboard = request.param
    with looking(superset.signed_in(browser, user), WIDTHS[user]) as look:
        panels = {}
        for number, tab in enumerate(charts_of(dashboard)):
            shown = look.open_tab(dashboard, tab) if number else look.open(dashboard)
            panels |= shown
            look.picture(screenshots, "superset", dashboard, tab, user)
        yield look, dashboard, panels


def test_every_panel_of_the_repository_is_there(seen):
    _, dashboard, panels = seen
    wanted = {chart for charts in charts_of(dashboard).values() for chart in charts}
    titles = {chart: repository().charts[chart].title for chart in wanted}
    assert {name: panel.title for name, panel in panels.items()} == titles


def test_every_panel_was_answered_with_rows(seen):
    """A panel of two queries has rows when one of them has: the second may be of rare things."""
    look, _, panels = seen
    answers = {name: look.answers[panel.number] for name, panel in panels.items()}
    assert {query["status"] for queries in answers.values() for query in queries} == {"success"}
    counts = {name: [query["rowcount"] for query in one] for name, one in answers.items()}
    assert {name: count for name, count in counts.items() if not any(count)} == {}


def test_every_panel_is_drawn(seen):
    _, _, panels = seen
    drawn = {
        "big_number_total": lambda panel: re.search(r"\d", panel.number_text),
        "table": lambda panel: panel.rows and all(any(row) for row in panel.rows),
    }
    blank = {
        name: panel
        for name, panel in panels.items()
        if not drawn.get(panel.viz, lambda one: one.coloured > COLOURED_PIXELS)(panel)
    }
    assert blank == {}


def test_no_panel_says_that_it_is_empty_or_broken(seen):
    _, _, panels = seen
    said = {name: panel.complaints + panel.empty for name, panel in panels.items()}
    assert {name: words for name, words in said.items() if words} == {}


def test_no_title_number_or_row_is_cut_off(seen):
    _, _, panels = seen
    assert {name: panel.cut for name, panel in panels.items() if panel.cut} == {}


def test_nothing_failed_behind_it(seen):
    look, _, _ = seen
    assert (look.failures, look.complaints) == ([], [])


def test_nothing_leaves_the_machine(seen):
    """Superset's own pixel is asked for by its page, and refused by the page's policy."""
    look, _, _ = seen
    assert set(look.outside.values()) <= {"csp"}
    assert [url for url in look.outside if not url.startswith(PIXEL)] == []
