"""What is on screen equals the marts, by queries written here and not taken from the assets."""

import re
from datetime import UTC, datetime

import pytest

from tests.fixtures.browser import chromium
from tests.fixtures.dashboards import looking
from tests.fixtures.superset_texts import day, dollars, share, smart, whole

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

# The dashboards start at the 60 days before the newest day.
NEWEST = "(select max(block_date) from marts.network_metrics_daily)"
WINDOW = f"block_date >= {NEWEST} - 60"
LAST_WEEK = f"block_date > {NEWEST} - 7"
TOLD = "marts.anomalies where method = 'ensemble'"
JUDGED = "block_date = (select max(block_date) from marts.metric_bands_daily)"


@pytest.fixture(scope="module")
def browser():
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def opened(browser, superset):
    """Panels of a dashboard by chart, opened once."""
    shown = {}
    with looking(superset.signed_in(browser, "viewer")) as look:

        def panels(dashboard):
            if dashboard not in shown:
                shown[dashboard] = look.open(dashboard), dict(look.answers)
            return shown[dashboard]

        yield panels


def rows(marts, sql, **parameters):
    return list(marts.query(sql, parameters=parameters).result_rows)


def utc_milliseconds(date):
    return int(datetime(date.year, date.month, date.day, tzinfo=UTC).timestamp() * 1000)


def value(marts, sql, **parameters):
    return rows(marts, sql, **parameters)[0][0]


@pytest.fixture(scope="module")
def token(marts):
    """The token that is shown first: the one that moved most US dollars."""
    return value(
        marts,
        f"select token_address from marts.token_metrics_daily where {WINDOW}"
        " group by token_address order by sum(volume_usd) desc nulls last limit 1",
    )


@pytest.fixture(scope="module")
def address(marts):
    """The address that is shown first: of the unusual ones that which moved most US dollars."""
    return value(
        marts,
        f"select address from marts.address_flows_daily where {WINDOW} and address in"
        f" (select entity_id from {TOLD}) group by address"
        " order by sum(inflow_usd) + sum(outflow_usd) desc limit 1",
    )


@pytest.mark.parametrize(
    ("tile", "sql", "written"),
    [
        ("newest_block", "select max(block_timestamp) from curated.blocks",
         lambda at: f"{at:%d %b %H:%M}"),
        ("proven_7d", "select sum(proven_ratio * block_count) / sum(block_count)"
         f" from marts.network_metrics_daily where {LAST_WEEK}", share),
        ("anomalies_7d", f"select count() from {TOLD} and {LAST_WEEK}", whole),
        ("tokens_unusual", f"select uniqExact(entity_id) from {TOLD} and {JUDGED}"
         " and entity_type = 'token'", whole),
        ("addresses_unusual", f"select uniqExact(entity_id) from {TOLD} and {JUDGED}"
         " and entity_type = 'address'", whole),
    ],
)  # fmt: skip
def test_tile_of_the_overview(opened, marts, tile, sql, written):
    panels, _ = opened("overview")
    assert panels[tile].number_text == written(value(marts, sql))


def test_age_of_the_newest_block_is_that_of_its_time(opened, marts):
    panels, _ = opened("overview")
    told = re.findall(r"(\d+)([dhms])\b", panels["newest_block_age"].number_text)
    seconds = sum(int(n) * {"d": 86400, "h": 3600, "m": 60, "s": 1}[unit] for n, unit in told)
    now = value(marts, "select dateDiff('second', max(block_timestamp), now()) from curated.blocks")
    # The page was opened before, and Superset keeps answers for 5 minutes.
    assert 0 <= now - seconds < 900


@pytest.mark.parametrize(
    ("tile", "expression", "written"),
    [
        ("token_volume", "sum(volume_usd)", dollars),
        ("token_transfer_count", "toFloat64(sum(transfer_count))", smart),
        ("token_largest", "max(largest_transfer_usd)", dollars),
        ("token_close", "argMax(price_close_usd, block_date)", dollars),
        ("token_priced", "sum(priced_ratio * transfer_count) / sum(transfer_count)", share),
        ("token_proven", "sum(proven_ratio * transfer_count) / sum(transfer_count)", share),
    ],
)
def test_tile_of_a_token(opened, marts, token, tile, expression, written):
    panels, _ = opened("token_detail")
    told = value(
        marts,
        f"select {expression} from marts.token_metrics_daily"
        f" where token_address = {{token:String}} and {WINDOW}",
        token=token,
    )
    assert panels[tile].number_text == written(told)


@pytest.mark.parametrize(
    ("tile", "expression", "written"),
    [
        ("address_in", "sum(inflow_usd)", dollars),
        ("address_out", "sum(outflow_usd)", dollars),
        ("address_net", "sum(net_flow_usd)", dollars),
        ("address_days", "count(distinct block_date)", whole),
    ],
)
def test_tile_of_an_address(opened, marts, address, tile, expression, written):
    panels, _ = opened("address_detail")
    told = value(
        marts,
        f"select {expression} from marts.address_flows_daily"
        f" where address = {{address:String}} and {WINDOW}",
        address=address,
    )
    assert panels[tile].number_text == written(told)


def test_table_of_tokens(opened, marts):
    panels, _ = opened("overview")
    expected = rows(
        marts,
        "select any(symbol), chain, sum(volume_usd), sum(transfer_count),"
        " max(largest_transfer_usd),"
        " sum(priced_ratio * transfer_count) / sumIf(transfer_count, priced_ratio is not null)"
        f" from marts.token_metrics_daily where {WINDOW} group by token_address, chain"
        " order by sum(volume_usd) desc nulls last limit 10",
    )
    assert panels["top_tokens"].rows == [
        [symbol, chain, dollars(volume), smart(count), dollars(largest), share(priced)]
        for symbol, chain, volume, count, largest, priced in expected
    ]


def test_table_of_what_was_unusual(opened, marts):
    panels, _ = opened("overview")
    expected = rows(
        marts,
        "select block_date, severity, coalesce(symbol, concat(left(entity_id, 6), '…',"
        f" right(entity_id, 4))), explanation, score from {TOLD} and {WINDOW}"
        " order by block_date desc, score desc limit 8",
    )
    assert panels["newest_anomalies"].rows == [
        [day(date), severity, who, " ".join(what.split()), f"{score:,.1f}"]
        for date, severity, who, what, score in expected
    ]


def test_table_of_what_an_address_moved(opened, marts, address):
    panels, _ = opened("address_detail")
    expected = rows(
        marts,
        "select any(symbol), any(chain), sum(inflow_usd), sum(outflow_usd), sum(net_flow_usd),"
        " sum(inflow_count) + sum(outflow_count) from marts.address_token_flows_daily"
        f" where address = {{address:String}} and {WINDOW} group by token_address"
        " order by sum(inflow_usd) desc nulls last limit 10",
        address=address,
    )
    assert panels["address_tokens"].rows == [
        [symbol, chain, dollars(came), dollars(went), dollars(net), whole(count)]
        for symbol, chain, came, went, net, count in expected
    ]


def test_parts_of_the_ring_are_the_severities(opened, marts):
    panels, answers = opened("overview")
    shown = answers[panels["anomalies_by_severity_7d"].number][0]["data"]
    expected = rows(marts, f"select severity, count() from {TOLD} and {LAST_WEEK} group by 1")
    assert {(row["severity"], row["Anomalies"]) for row in shown} == set(expected)


OF_TOKEN = f"marts.token_metrics_daily where token_address = {{token:String}} and {WINDOW}"
OF_NETWORK = f"marts.network_metrics_daily where {WINDOW}"
BAND = (
    "marts.metric_bands_daily where entity_id = {token:String} and metric = 'volume_usd'"
    f" and {WINDOW}"
)
POINTS = {
    ("token_detail", "token_volume_band"): (
        BAND,
        {
            "Observed": "value",
            "Observed__yhat_lower": "lower_bound",
            "Observed__yhat_upper": "upper_bound",
        },
    ),
    ("token_detail", "token_supply"): (
        OF_TOKEN,
        {"Minted": "minted_usd", "Burned": "-burned_usd"},
    ),
    ("token_detail", "token_transfers"): (OF_TOKEN, {"Transfers": "transfer_count"}),
    ("network", "network_gas_used_daily"): (OF_NETWORK, {"devnet": "gas_used_total"}),
    ("network", "network_fees_daily"): (
        OF_NETWORK,
        {"Fees, devnet": "fees_total_eth", "Burned, devnet": "burned_total_eth"},
    ),
    ("network", "network_gas_daily"): (
        OF_NETWORK,
        {
            "Mean gas price, devnet": "gas_price_avg_gwei",
            "Median gas price, devnet": "gas_price_median_gwei",
            "Median base fee, devnet": "base_fee_median_gwei",
        },
    ),
}


@pytest.mark.parametrize(("dashboard", "chart"), POINTS)
def test_points_of_a_chart(opened, marts, token, dashboard, chart):
    panels, answers = opened(dashboard)
    source, series = POINTS[dashboard, chart]
    shown = {
        (row["block_date"], name): row[name]
        for row in answers[panels[chart].number][0]["data"]
        for name in row
        if name != "block_date"
    }
    columns = ", ".join(series.values())
    expected = {
        (utc_milliseconds(date), name): one
        for date, *values in rows(marts, f"select block_date, {columns} from {source}", token=token)
        for name, one in zip(series, values, strict=True)
    }
    assert shown == {point: pytest.approx(one) for point, one in expected.items()}
