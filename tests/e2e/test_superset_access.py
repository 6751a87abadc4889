"""Who may do what: a viewer looks, an analyst asks `marts` and `curated`, nobody gets further.

All of them ask the warehouse as its read-only user; limits of rows and time hold.
"""

import json
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.fixtures.browser import chromium
from tests.fixtures.dashboards import looking, repository
from tests.fixtures.superset import READER_SECONDS, USERS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

SECRET_PLACES = ("raw.blocks", "raw.prices_spot", "meta.canonical_blocks", "meta.rejected_rows")
REFUSED = (401, 403, 404)


@pytest.fixture(scope="module")
def browser():
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def users(superset):
    """The REST API as each user."""
    with ExitStack() as context:
        yield {user: context.enter_context(superset.api(user)) for user in USERS}


@pytest.fixture(scope="module")
def warehouse_number(users):
    """Number of the warehouse among Superset's databases."""
    (found,) = users["admin"].get("/api/v1/database/").json()["result"]
    return found["id"]


def ask(client, number, sql, **wanted):
    """SQL Lab's answer."""
    asked = {"database_id": number, "sql": sql, "schema": "marts", "runAsync": False} | wanted
    return client.post("/api/v1/sqllab/execute/", json=asked)


def names(client, kind, column):
    answer = client.get(f"/api/v1/{kind}/", params={"q": "(page_size:100)"})
    return {one[column] for one in answer.raise_for_status().json()["result"]}


@pytest.mark.parametrize("user", USERS)
def test_dashboards_are_those_of_the_repository(users, user):
    titles = {one.title for one in repository().dashboards.values()}
    assert names(users[user], "dashboard", "dashboard_title") == titles


@pytest.mark.parametrize("path", ["database/", "query/", "saved_query/", "security/users/",
                                  "security/roles/", "log/", "annotation_layer/"])  # fmt: skip
def test_viewer_is_refused_by_the_api(users, path):
    assert users["viewer"].get(f"/api/v1/{path}").status_code in REFUSED


@pytest.mark.parametrize("kind", ["chart", "dataset"])
def test_viewer_finds_none_by_the_api(users, kind):
    """Either refused, or shown an empty list; a dashboard gives the viewer what is on it."""
    answer = users["viewer"].get(f"/api/v1/{kind}/")
    assert answer.status_code in REFUSED or answer.json()["count"] == 0


def test_viewer_has_no_sql(users, warehouse_number):
    answer = ask(users["viewer"], warehouse_number, "select 1")
    assert answer.status_code in REFUSED


def test_viewer_is_given_no_rows_beside_a_dashboard(users):
    datasets = users["admin"].get("/api/v1/dataset/").json()["result"]
    question = {
        "datasource": {"id": datasets[0]["id"], "type": "table"},
        "queries": [{"columns": [], "metrics": [], "row_limit": 10}],
    }
    assert users["viewer"].post("/api/v1/chart/data", json=question).status_code in REFUSED


def test_viewer_changes_nothing(users):
    (dashboard, *_) = users["viewer"].get("/api/v1/dashboard/").json()["result"]
    path = f"/api/v1/dashboard/{dashboard['id']}"
    assert users["viewer"].put(path, json={"dashboard_title": "mine"}).status_code in REFUSED
    assert users["viewer"].delete(path).status_code in REFUSED
    made = users["viewer"].post("/api/v1/dashboard/", json={"dashboard_title": "mine"})
    assert made.status_code in REFUSED


@pytest.mark.parametrize("page", ["/sqllab/", "/chart/list/", "/tablemodelview/list/",
                                  "/databaseview/list/", "/users/list/", "/roles/"])  # fmt: skip
def test_viewer_is_led_away_from_other_pages(browser, superset, page):
    with looking(superset.signed_in(browser, "viewer")) as look:
        answer = look.page.goto(page)
        look.calm()
        said = look.page.inner_text("body")
        is_away = page.strip("/") not in look.page.url
        assert answer.status in REFUSED or is_away or "denied" in said, said[:500]


def test_viewer_has_one_way_in_the_menu(browser, superset):
    with looking(superset.signed_in(browser, "viewer")) as look:
        look.page.goto("/dashboard/list/")
        look.calm()
        menu = look.page.locator("[data-test=navbar-top]").first.inner_text().split("\n")
        assert [word for word in menu if word in ("Dashboards", "Charts", "Datasets", "SQL")] == [
            "Dashboards"
        ]


def test_stranger_is_sent_to_the_login(browser, superset):
    with browser.new_context(base_url=superset.url) as context:
        page = context.new_page()
        page.goto("/superset/dashboard/overview/")
        assert "/login" in page.url


@pytest.mark.parametrize("table", ["marts.token_metrics_daily", "curated.erc20_transfers"])
def test_analyst_asks_marts_and_curated(users, marts, warehouse_number, table):
    answer = ask(users["analyst"], warehouse_number, f"select count() as n from {table}")
    assert answer.status_code == 200, answer.text
    counted = marts.query(f"select count() from {table}").result_rows[0][0]
    assert answer.json()["data"] == [{"n": counted}]


@pytest.mark.parametrize("table", SECRET_PLACES)
@pytest.mark.parametrize("user", ["analyst", "admin"])
def test_nobody_reads_raw_or_meta(users, warehouse_number, user, table):
    answer = ask(users[user], warehouse_number, f"select * from {table}", schema=None)
    assert answer.status_code >= 400
    assert "data" not in answer.json()


@pytest.mark.parametrize("sql", [
    "drop table marts.token_metrics_daily",
    "insert into marts.token_metrics_daily (chain) values ('x')",
    "alter table marts.token_metrics_daily delete where 1",
    "create table marts.mine (a String) engine = Memory",
    "select * from file('/etc/passwd', 'LineAsString')",
    "select * from url('http://127.0.0.1:1/', 'LineAsString')",
    "set readonly = 0",
])  # fmt: skip
@pytest.mark.parametrize("user", ["analyst", "admin"])
def test_nobody_writes_or_reaches_out(users, marts, warehouse_number, user, sql):
    def tables():
        return marts.query("select database, name from system.tables order by all").result_rows

    before = tables()
    assert ask(users[user], warehouse_number, sql).status_code >= 400
    assert tables() == before


@pytest.mark.parametrize("user", ["analyst", "admin"])
def test_everybody_is_the_reader(users, warehouse_number, user):
    answer = ask(users[user], warehouse_number, "select currentUser() as me")
    allowed = answer.status_code == 200
    # The gate may not let a reader ask who it is; then a user with more rights would have told.
    assert not allowed or answer.json()["data"] == [{"me": "reader"}]


def test_rows_of_a_question_are_limited(users, warehouse_number):
    sql = "select number from system.numbers limit 150000"
    answer = ask(users["analyst"], warehouse_number, sql, queryLimit=1_000_000)
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["data"]) == 10_000
    assert answer.json()["displayLimitReached"] is True


def test_time_of_a_question_is_limited(users, warehouse_number):
    began = time.monotonic()
    sql = "select max(sipHash64(number)) from system.numbers"
    answer = ask(users["analyst"], warehouse_number, sql)
    assert answer.status_code >= 400
    assert "imeout" in answer.text or "TIMEOUT" in answer.text
    assert time.monotonic() - began < READER_SECONDS + 25


@pytest.mark.parametrize("change", [
    lambda client, number: client.post("/api/v1/database/", json={
        "database_name": "mine", "sqlalchemy_uri": "clickhousedb://127.0.0.1:1/raw"}),
    lambda client, number: client.put(f"/api/v1/database/{number}", json={"allow_dml": True}),
    lambda client, number: client.delete(f"/api/v1/database/{number}"),
    lambda client, number: client.get(f"/api/v1/database/{number}/connection"),
], ids=["add", "change", "remove", "see"])  # fmt: skip
def test_analyst_has_no_hand_on_connections(users, warehouse_number, change):
    assert change(users["analyst"], warehouse_number).status_code in REFUSED


def test_analyst_makes_charts_of_their_own(users):
    analyst = users["analyst"]
    dataset = next(
        one
        for one in analyst.get("/api/v1/dataset/").json()["result"]
        if one["table_name"] == "token_metrics_daily"
    )
    made = analyst.post("/api/v1/chart/", json={
        "slice_name": "my own", "viz_type": "table", "datasource_id": dataset["id"],
        "datasource_type": "table", "params": "{}",
    })  # fmt: skip
    assert made.status_code == 201, made.text
    assert analyst.delete(f"/api/v1/chart/{made.json()['id']}").status_code == 200


@pytest.mark.parametrize("user", USERS)
def test_no_answer_holds_a_secret(superset, users, user, warehouse_number):
    """Neither the warehouse's passwords nor Superset's, in what one is told of connections."""
    secrets = secrets_of(superset.settings.home)
    one = f"database/{warehouse_number}"
    for path in ("database/", one, f"{one}/connection", "database/export/?q=!(1)", "me/"):
        said = users[user].get(f"/api/v1/{path}").content
        assert [name for name, secret in secrets.items() if secret.encode() in said] == []


def test_superset_keeps_no_password_of_the_warehouse(superset):
    """Neither in its database nor in what it logs."""
    home = superset.settings.home
    kept = (home / "superset" / "superset.db").read_bytes() + superset.said.encode()
    for name, secret in secrets_of(home).items():
        assert secret.encode() not in kept, name


def secrets_of(home: Path) -> dict[str, str]:
    """Passwords and keys of a home, by where they are from."""
    found = {}
    for place in ("superset/secrets.json", "warehouse/passwords.json"):
        for name, secret in json.loads((home / place).read_text()).items():
            found[f"{place} {name}"] = secret
    return found
