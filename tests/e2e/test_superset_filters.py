"""Filters, clicks on a chart and links to other dashboards, with the numbers that they lead to."""

import re

import pytest

from tests.fixtures.browser import chromium
from tests.fixtures.dashboards import charts_of, looking
from tests.fixtures.superset_texts import dollars, smart, whole

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

NEWEST = "(select max(block_date) from marts.network_metrics_daily)"
OF_TOKEN = "marts.token_metrics_daily where token_address = {token:String}"
SEVERITY_COLOURS = {"critical": (179, 38, 30), "high": (232, 113, 10)}
_FIND_COLOUR = """
(canvas, wanted) => {
  const {width, height} = canvas;
  const seen = canvas.getContext('2d').getImageData(0, 0, width, height).data;
  const found = [];
  for (let at = 0; at < seen.length; at += 4) {
    if (wanted.every((one, i) => Math.abs(one - seen[at + i]) < 3))
      found.push([(at / 4) % width, Math.floor(at / 4 / width)]);
  }
  const [x, y] = found[Math.floor(found.length / 2)];
  return [x * canvas.clientWidth / width, y * canvas.clientHeight / height];
}
"""


@pytest.fixture(scope="module")
def browser():
    with chromium() as opened:
        yield opened


@pytest.fixture
def look(browser, superset):
    """A page of a viewer; whatever the test did, nothing in it failed."""
    with looking(superset.signed_in(browser, "viewer")) as opened:
        yield opened
        assert (opened.failures, opened.complaints) == ([], [])


def rows(marts, sql, **parameters):
    return list(marts.query(sql, parameters=parameters).result_rows)


def value(marts, sql, **parameters):
    return rows(marts, sql, **parameters)[0][0]


def choose(look, name, *values):
    """Choose values of a filter as people do, and apply it."""
    page = look.page
    box = page.locator(f"[data-test=NATIVE_FILTER-{name}]")
    if not box.is_visible():
        page.get_by_text("More filters").click()
        box.wait_for(state="visible")
    for one in values:
        box.click()
        box.locator("input").fill(one)
        page.locator(".ant-select-item-option", has_text=one).first.click()
    page.keyboard.press("Escape")
    apply(look)


def apply(look):
    look.page.locator("[data-test=filter-bar__apply-button]").click()
    look.page.wait_for_timeout(300)
    look.calm()


def named(name, extra, shown):
    """A filter as an address holds it, in Rison."""
    key = f"NATIVE_FILTER-{name}"
    return (
        f"?native_filters=({key}:(extraFormData:({extra}),filterState:(value:{shown}),"
        f"id:{key},ownState:()))"
    )


def tile(look, chart):
    return look.panels()[chart].number_text


def test_choosing_another_token_shows_its_numbers(look, marts):
    look.open("token_detail")
    token = value(marts, "select any(token_address) from marts.token_metrics_daily"
                  " where symbol = 'WBIT'")  # fmt: skip
    choose(look, "token", "WBIT on")
    volume, transfers, close = rows(
        marts,
        "select sum(volume_usd), toFloat64(sum(transfer_count)),"
        f" argMax(price_close_usd, block_date) from {OF_TOKEN} and block_date >= {NEWEST} - 60",
        token=token,
    )[0]
    assert tile(look, "token_volume") == dollars(volume)
    assert tile(look, "token_transfer_count") == smart(transfers)
    assert tile(look, "token_close") == dollars(close)


def test_days_back_cut_the_window(look, marts):
    look.open("network")
    look.page.locator("[data-test=range-filter-to-input]").fill("6")
    look.page.keyboard.press("Tab")
    apply(look)
    panel = look.panels()["network_value_daily"]
    days = value(marts, f"select uniqExact(block_date) from marts.network_metrics_daily"
                 f" where block_date >= {NEWEST} - 6")  # fmt: skip
    assert len(look.rows_of(panel)) == days == 7


def test_finalized_leaves_out_what_can_be_undone(look, marts):
    look.open("network")
    choose(look, "finality", "finalized")
    shown = {
        row["block_date"]: row["devnet"]
        for row in look.rows_of(look.panels()["network_gas_used_daily"])
    }
    days = "from marts.network_metrics_daily where block_date >= " + NEWEST + " - 60"
    assert shown == dict(
        rows(
            marts,
            "select toUnixTimestamp(toDateTime(block_date, 'UTC')) * 1000, gas_used_total"
            f" {days} and finality = 'finalized'",
        )
    )
    assert 0 < len(shown) < value(marts, f"select count() {days}")


def test_chain_that_is_chosen_is_asked_for(look, marts):
    look.open("overview")
    choose(look, "chain", "devnet")
    assert tile(look, "anomalies_7d") == whole(
        value(marts, "select count() from marts.anomalies where method = 'ensemble'"
              f" and chain = 'devnet' and block_date > {NEWEST} - 7")
    )  # fmt: skip
    assert look.panels()["top_tokens"].column("Chain")[0] == "devnet"


def test_dates_in_the_address_are_the_days_that_are_shown(look, marts):
    first, after = rows(marts, f"select {NEWEST} - 20, {NEWEST} - 10")[0]
    dates = f"'{first} : {after}'"
    look.open("token_detail", named("range", f"time_range:{dates}", dates))
    token = value(
        marts,
        "select token_address from marts.token_metrics_daily group by 1"
        " order by sum(volume_usd) desc nulls last limit 1",
    )
    volume = value(
        marts,
        f"select sum(volume_usd) from {OF_TOKEN} and block_date >= {{first:Date}}"
        " and block_date < {after:Date}",
        token=token, first=first, after=after,
    )  # fmt: skip
    assert tile(look, "token_volume") == dollars(volume)


@pytest.mark.parametrize("severity", SEVERITY_COLOURS)
def test_click_on_a_severity_filters_the_other_panels(look, marts, severity):
    panel = look.open("overview")["anomalies_by_severity_7d"]
    canvas = look.page.locator(f"[data-test-chart-id='{panel.number}'] canvas").first
    x, y = canvas.evaluate(_FIND_COLOUR, list(SEVERITY_COLOURS[severity]))
    canvas.click(position={"x": x, "y": y})
    look.until(lambda: set(look.panels()["newest_anomalies"].column("Severity")) == {severity},
               "the click filters nothing")  # fmt: skip
    look.calm()
    counted = value(
        marts,
        "select count() from marts.anomalies where method = 'ensemble'"
        f" and severity = {{severity:String}} and block_date > {NEWEST} - 7",
        severity=severity,
    )
    assert tile(look, "anomalies_7d") == whole(counted)


def follow(look, link, dashboard):
    """Click a link that leads to another dashboard; its panels."""
    link.click()
    look.page.wait_for_url(re.compile(rf"/dashboard/{dashboard.replace('_', '-')}/"))
    return look.drawn(next(iter(charts_of(dashboard).values())))


def test_token_in_the_overview_leads_to_its_dashboard(look, marts):
    panel = look.open("overview")["top_tokens"]
    table = look.page.locator(f"[data-test-chart-id='{panel.number}']")
    panels = follow(look, table.get_by_role("link", name="GLD"), "token_detail")
    expected = value(
        marts,
        "select sum(volume_usd) from marts.token_metrics_daily where symbol = 'GLD'"
        f" and block_date >= {NEWEST} - 60",
    )
    assert panels["token_volume"].number_text == dollars(expected)
    assert "GLD on devnet" in look.page.locator("[data-test=NATIVE_FILTER-token]").inner_text()


def test_address_in_the_overview_leads_to_its_dashboard(look, marts):
    panel = look.open("overview")["newest_anomalies"]
    link = look.page.locator(f"[data-test-chart-id='{panel.number}'] a", has_text="…").first
    short = link.inner_text()
    panels = follow(look, link, "address_detail")
    begin, end = short.split("…")
    came = value(
        marts,
        "select sum(inflow_usd) from marts.address_flows_daily where"
        " startsWith(address, {begin:String}) and endsWith(address, {end:String})"
        f" and block_date >= {NEWEST} - 60",
        begin=begin,
        end=end,
    )
    assert panels["address_in"].number_text == dollars(came)


def test_symbol_that_is_markup_is_shown_as_text_and_leads_to_its_dashboard(look, marts):
    ((symbol, token),) = rows(
        marts,
        "select distinct symbol, token_address from marts.token_metrics_daily"
        " where symbol like '<%'",
    )
    panel = look.open("overview")["top_tokens"]
    table = look.page.locator(f"[data-test-chart-id='{panel.number}']")
    table.get_by_text("3", exact=True).last.click()
    link = table.get_by_role("link", name=symbol)
    assert link.inner_text() == symbol
    panels = follow(look, link, "token_detail")
    counted = value(
        marts,
        f"select toFloat64(sum(transfer_count)) from {OF_TOKEN} and block_date >= {NEWEST} - 60",
        token=token,
    )
    assert panels["token_transfer_count"].number_text == smart(counted)
    chosen = look.page.locator("[data-test=NATIVE_FILTER-token]").inner_text()
    assert f"{symbol} on devnet {token}" in chosen
    assert look.page.locator("img[src=x]").count() == 0


def test_address_can_be_typed_that_is_not_in_the_list(look, marts):
    ((address, came),) = rows(
        marts,
        "select address, sum(inflow_usd) from marts.address_flows_daily where address not in"
        " (select entity_id from marts.anomalies) and block_date >="
        f" {NEWEST} - 60 group by address having sum(inflow_usd) > 0 order by address limit 1",
    )
    look.open("address_detail")
    choose(look, "address", address)
    assert tile(look, "address_in") == dollars(came)
