"""Days are UTC days, whatever the time zone of the server and of the browser."""

import re
from datetime import datetime, timedelta

import pytest

from oracul.times import utc_now
from tests.fixtures.browser import chromium
from tests.fixtures.dashboards import looking, repository
from tests.fixtures.superset import copied_home, reading, served
from tests.fixtures.superset_texts import day

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

SERVER_ZONE, BROWSER_ZONE = "America/New_York", "Asia/Kolkata"
DAY = re.compile(r"\w{3} \d\d \w{3} \d{4}")
TIMED = {name: one for name, one in repository().datasets.items() if one.time_column}


@pytest.fixture(scope="module")
def superset(demo_home, tmp_path_factory):
    """Superset and its warehouse, both in the same far time zone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", SERVER_ZONE)
        home = tmp_path_factory.mktemp("zones") / "home"
        with (
            copied_home(demo_home, home) as settings,
            served(settings, TZ=SERVER_ZONE) as found,
        ):
            yield found


@pytest.fixture(scope="module")
def marts(superset):
    with reading(superset.settings) as client:
        yield client


@pytest.fixture(scope="module")
def admin(superset):
    with superset.api("admin") as client:
        yield client


@pytest.fixture(scope="module")
def numbers(admin):
    """Number of each dataset in Superset, by the name of its table."""
    found = admin.get("/api/v1/dataset/", params={"q": "(page_size:100)"}).json()["result"]
    return {one["table_name"]: one["id"] for one in found}


@pytest.fixture
def look(browser, superset):
    context = superset.signed_in(browser, "viewer", timezone_id=BROWSER_ZONE)
    with looking(context) as opened:
        yield opened


@pytest.fixture(scope="module")
def browser():
    with chromium() as opened:
        yield opened


def ask(admin, number, column, time_range):
    """Superset's answer to: how many rows at each time of the range?"""
    question = {
        "datasource": {"id": number, "type": "table"},
        "force": True,
        "queries": [{
            "columns": [column],
            "metrics": [{"expressionType": "SQL", "sqlExpression": "count()", "label": "n"}],
            "filters": [{"col": column, "op": "TEMPORAL_RANGE", "val": time_range}],
            "row_limit": 10_000,
        }],
    }  # fmt: skip
    answer = admin.post("/api/v1/chart/data", json=question)
    assert answer.status_code == 200, answer.text
    return answer.json()["result"][0]


@pytest.mark.parametrize("name", TIMED)
def test_range_holds_the_rows_of_its_utc_time(admin, marts, numbers, name):
    dataset = TIMED[name]
    table, column = f"{dataset.database}.{dataset.table}", dataset.time_column
    # The day in the middle, from its first instant: a shift by hours shows at its ends.
    ((begin, is_date),) = marts.query(
        f"select toDateTime(toDate(quantileExactLow(0.5)({column})), 'UTC'),"
        f" any(toTypeName({column})) = 'Date' from {table}"
    ).result_rows
    begin = begin.replace(tzinfo=None)
    for length in (timedelta(days=1), *([] if is_date else [timedelta(hours=1)])):
        end = begin + length
        asked = f"{begin.isoformat()} : {end.isoformat()}"
        found = ask(admin, numbers[dataset.table], column, asked)
        shown = {row[column]: row["n"] for row in found["data"]}
        expected = rows_between(marts, table, column, begin, end)
        assert shown == expected
        assert expected or not is_date


def rows_between(marts, table, column, begin, end):
    """How many rows there are at each time, as milliseconds since 1970."""
    at = f"toDateTime64({column}, 3, 'UTC')"
    found = marts.query(
        f"select toUnixTimestamp64Milli({at}), count() from {table}"
        f" where {at} >= toDateTime64({{begin:String}}, 3, 'UTC')"
        f" and {at} < toDateTime64({{end:String}}, 3, 'UTC') group by 1",
        parameters={"begin": f"{begin:%Y-%m-%d %H:%M:%S}", "end": f"{end:%Y-%m-%d %H:%M:%S}"},
    )
    return dict(found.result_rows)


def test_now_is_the_instant_in_utc(admin, numbers):
    found = ask(
        admin,
        numbers["network_metrics_hourly"],
        "block_hour",
        "DATEADD(DATETIME('now'), -1, day) : now",
    )
    until = datetime.fromtimestamp(found["to_dttm"] / 1000, tz=utc_now().tzinfo)
    assert abs(utc_now() - until) < timedelta(minutes=30)


def test_days_in_a_table_are_utc_days(look, marts):
    panels = look.open("overview")
    expected = marts.query(
        "select block_date, explanation from marts.anomalies where method = 'ensemble'"
        " order by block_date desc, score desc limit 8"
    ).result_rows
    shown = panels["newest_anomalies"]
    assert list(zip(shown.column("Day"), shown.column("What happened"), strict=True)) == [
        (day(date), what) for date, what in expected
    ]


def test_newest_block_is_shown_in_utc(look, marts):
    ((at,),) = marts.query("select max(block_timestamp) from curated.blocks").result_rows
    assert look.open("overview")["newest_block"].number_text == f"{at:%d %b %H:%M}"


def test_day_under_the_mouse_is_that_of_its_value(look, marts):
    """The tooltip of a chart names a day: the value beside it is that UTC day's."""
    panel = look.open("token_detail")["token_transfers"]
    canvas = look.page.locator(f"[data-test-chart-id='{panel.number}'] canvas").first
    box = canvas.bounding_box()
    look.page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.6, steps=4)

    def told():
        texts = look.page.locator("div:visible").filter(has_text=DAY).all_inner_texts()
        return next((text for text in texts if len(text) < 200 and "Transfers" in text), None)

    text = look.until(told, "no tooltip")
    shown = datetime.strptime(DAY.search(text)[0], "%a %d %b %Y")  # noqa: DTZ007 - a day
    ((count,),) = marts.query(
        "select transfer_count from marts.token_metrics_daily where block_date = {shown:Date} and"
        " token_address = (select token_address from marts.token_metrics_daily group by 1"
        " order by sum(volume_usd) desc nulls last limit 1)",
        parameters={"shown": shown.date()},
    ).result_rows
    assert str(count) in text.split(), text
