"""Who may do what: a viewer looks, an analyst asks `marts` and `curated`, nobody gets further.

All of them ask the warehouse as its read-only user; limits of rows and time hold.
"""

import json
import time
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from tests.fixtures.browser import chromium
from tests.fixtures.dashboards import looking, repository
from tests.fixtures.superset import READER_SECONDS, USERS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

SECRET_PLACES = ("raw.blocks", "raw.prices_spot", "meta.canonical_blocks", "meta.rejected_rows")
REFUSED = (401, 403, 404)
# DISPLAY_MAX_ROW of superset_config.py.
SHOWN_ROWS = 10_000


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
                                  "security/roles/", "log/"])  # fmt: skip
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
def test_viewer_finds_nothing_on_other_pages(browser, superset, page):
    """Led away, refused, or shown a list without an entry."""
    known = {one.title for one in repository().charts.values()}
    known |= {*repository().datasets, "warehouse", "admin", "Analyst", "SQL Lab"}
    with looking(superset.signed_in(browser, "viewer")) as look:
        answer = look.page.goto(page)
        look.calm()
        is_away = page.strip("/") not in look.page.url
        shown = known & {line.strip() for line in look.page.inner_text("body").splitlines()}
        assert answer.status in REFUSED or is_away or not shown, shown


def test_viewer_begins_at_the_first_dashboard(browser, superset):
    with looking(superset.signed_in(browser, "viewer")) as look:
        look.page.goto("/")
        assert "/superset/dashboard/overview/" in look.page.url


def test_refused_page_says_so_and_leads_back(browser, superset):
    with looking(superset.signed_in(browser, "viewer")) as look:
        answer = look.page.goto("/chart/add")
        assert answer.status == 403
        to_program = look.page.request.get("/chart/add", headers={"Accept": "application/json"})
        assert (to_program.status, to_program.json()["errors"][0]["level"]) == (403, "error")
        assert "not open to you" in look.page.inner_text("body")
        look.page.get_by_role("link", name="To the dashboards").click()
        look.until(lambda: "/dashboard/overview/" in look.page.url, "no way back")


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


def test_superset_asks_as_the_reader(superset):
    """Whoever is signed in: it knows no other user of the warehouse."""
    told = psutil.Process(superset.process.pid).environ()
    assert told["SUPERSET_WAREHOUSE_USER"] == "reader"
    admin_password = secrets_of(superset.settings.home)["warehouse/passwords.json admin"]
    assert admin_password not in told.values()
    assert [name for name in told if name.startswith("ORACUL_")] == []


def test_rows_of_a_question_are_limited(users, marts, warehouse_number):
    table = "marts.address_token_flows_daily"
    ((count,),) = marts.query(f"select count() from {table}").result_rows
    answer = ask(
        users["analyst"], warehouse_number, f"select address from {table}", queryLimit=1_000_000
    )
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["data"]) == SHOWN_ROWS < count


@pytest.mark.parametrize("limit", [1, 5])
def test_limit_of_a_question_is_kept(users, warehouse_number, limit):
    sql = (
        f"select block_date, symbol from token_metrics_daily order by volume_usd desc limit {limit}"
    )
    answer = ask(users["analyst"], warehouse_number, sql, queryLimit=1000)
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["data"]) == limit


def test_time_of_a_question_is_limited(users, warehouse_number):
    began = time.monotonic()
    table = "curated.erc20_transfers"
    endless = f"select max(cityHash64(a.tx_hash, b.tx_hash, c.tx_hash)) from {table} as a"
    endless += f" cross join {table} as b cross join {table} as c"
    answer = ask(users["analyst"], warehouse_number, endless)
    assert answer.status_code >= 400
    assert "TIMEOUT_EXCEEDED" in answer.text
    assert READER_SECONDS - 1 < time.monotonic() - began < READER_SECONDS + 30


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
        for one in analyst.get("/api/v1/dataset/", params={"q": "(page_size:100)"}).json()["result"]
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
