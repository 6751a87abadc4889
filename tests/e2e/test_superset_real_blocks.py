"""The dashboards on recorded blocks of mainnet and OP: a history of single blocks, years apart.

Nothing breaks, numbers are those of the marts, and a panel without rows says so.
"""

import pytest

from oracul.warehouse import connect, migrate
from oracul.warehouse.dbt import build
from oracul.warehouse.embedded import ensure_running, stop
from tests.fixtures.browser import chromium
from tests.fixtures.dashboards import LAPTOP, charts_of, looking, repository
from tests.fixtures.landing import land_blocks
from tests.fixtures.real_chain import load_recording, needs_shared_data
from tests.fixtures.superset import reading, served, skip_without_superset, superset_settings
from tests.fixtures.superset_texts import share

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.needs_shared_data,
    needs_shared_data,
]

CHAINS = {"jsonrpc_mainnet": "ethereum", "jsonrpc_optimism": "optimism"}
DASHBOARDS = sorted(repository().dashboards)


@pytest.fixture(scope="module")
def superset(tmp_path_factory):
    skip_without_superset()
    settings = superset_settings(tmp_path_factory.mktemp("real") / "home")
    settings.home.mkdir()
    try:
        ensure_running(settings)
        client = connect(settings)
        migrate(client)
        for folder, chain in CHAINS.items():
            land_blocks(client, chain, load_recording(folder).blocks)
        client.close()
        build(settings)
        with served(settings) as found:
            yield found
    finally:
        stop(settings)


@pytest.fixture(scope="module")
def marts(superset):
    with reading(superset.settings) as client:
        yield client


@pytest.fixture(scope="module")
def browser():
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module", params=DASHBOARDS)
def seen(request, browser, superset, screenshots):
    """A dashboard that a viewer opened, tab by tab: the page, and its panels by chart."""
    dashboard = request.param
    with looking(superset.signed_in(browser, "viewer"), LAPTOP) as look:
        panels = {}
        for number, tab in enumerate(charts_of(dashboard)):
            panels |= look.open_tab(dashboard, tab) if number else look.open(dashboard)
            look.picture(screenshots, "superset", "real", dashboard, tab)
        yield look, dashboard, panels


def test_nothing_breaks(seen):
    look, _, panels = seen
    assert (look.failures, look.complaints) == ([], [])
    assert {name: panel.complaints for name, panel in panels.items() if panel.complaints} == {}
    assert {name: panel.cut for name, panel in panels.items() if panel.cut} == {}


def test_panel_without_rows_says_so(seen):
    look, _, panels = seen
    silent = {}
    for name, panel in panels.items():
        has_rows = any(query["rowcount"] for query in look.answers.get(panel.number, []))
        shown = panel.number_text or panel.rows or panel.coloured
        if not has_rows and not panel.empty and not panel.number_text:
            silent[name] = panel
        if has_rows and not shown:
            silent[name] = panel
    assert silent == {}


def test_panel_without_rows_says_why_that_may_be(seen):
    _, dashboard, panels = seen
    said = {name: panel.empty for name, panel in panels.items() if panel.empty}
    assert said == {name: [repository().charts[name].empty] for name in said}
    assert said or dashboard == "network"


def test_proven_share_is_that_of_the_marts(browser, superset, marts):
    with looking(superset.signed_in(browser, "viewer")) as look:
        panels = look.open("overview")
        ((expected,),) = marts.query(
            "select sum(proven_ratio * block_count) / sum(block_count)"
            " from marts.network_metrics_daily where block_date >"
            " (select max(block_date) from marts.network_metrics_daily) - 7"
        ).result_rows
        assert panels["proven_7d"].number_text == share(expected)


def test_chain_filter_offers_both_chains_and_keeps_to_one(browser, superset):
    with looking(superset.signed_in(browser, "viewer")) as look:
        look.open("network")
        box = look.page.locator("[data-test=NATIVE_FILTER-chain]")
        box.click()
        offered = look.page.locator(".ant-select-item-option")
        look.until(lambda: offered.count() >= 2, "no two chains")
        assert set(offered.all_inner_texts()) == set(CHAINS.values())
        offered.filter(has_text="optimism").click()
        look.page.keyboard.press("Escape")
        look.page.locator("[data-test=filter-bar__apply-button]").click()
        look.page.wait_for_timeout(300)
        look.calm()
        panel = look.panels()["network_gas_used_daily"]
        series = {name for row in look.rows_of(panel) for name in row}
        assert series <= {"block_date", "optimism"}
