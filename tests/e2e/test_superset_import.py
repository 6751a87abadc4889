"""Bringing Superset up to the repository: twice changes nothing, what is gone is removed, what
people made stays, what makes no sense is refused whole, and a warehouse that is down is no reason
to fail."""

import shutil
import sqlite3

import pytest
import yaml

from oracul.stack.superset import SUPERSET_DIR, import_assets
from oracul.warehouse.embedded import ensure_running, stop
from tests.fixtures.browser import chromium
from tests.fixtures.dashboards import looking, repository
from tests.fixtures.superset import copied_home, run_as_superset, served

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

CHART, DASHBOARD = "token_supply", "token_detail"
_INSTANTS = {"changed_on", "created_on", "last_login", "last_saved_at", "dttm", "last_change"}
# Superset's importer makes them anew each time; nothing knows them by number.
_LINKS = {"dashboard_slices"}
# What a page leaves behind; `themes` is filled by Superset itself when it starts on its own tables.
_OF_USE = {"themes", "logs", "key_value", "cache_keys", "user_attribute"}


@pytest.fixture(scope="module")
def settings(demo_home, tmp_path_factory):
    with copied_home(demo_home, tmp_path_factory.mktemp("import") / "home") as found:
        yield found


@pytest.fixture(scope="module")
def running(settings):
    with served(settings) as found:
        yield found


@pytest.fixture(scope="module")
def admin(running):
    with running.api("admin") as client:
        yield client


@pytest.fixture(scope="module")
def browser():
    with chromium() as opened:
        yield opened


@pytest.fixture
def copied(tmp_path):
    """A copy of deployments/superset that a test may edit."""
    folder = tmp_path / "superset"
    shutil.copytree(SUPERSET_DIR, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def kept(settings):
    """All rows of Superset's database, without the instants of the last change."""
    held = {}
    with sqlite3.connect(settings.home / "superset" / "superset.db") as database:
        database.row_factory = sqlite3.Row
        tables = database.execute("select name from sqlite_master where type = 'table'").fetchall()
        for (table,) in tables:
            if table in _OF_USE:
                continue
            left_out = _INSTANTS | ({"id"} if table in _LINKS else set())
            rows = [dict(row) for row in database.execute(f'select * from "{table}"')]
            held[table] = sorted(
                repr({name: value for name, value in row.items() if name not in left_out})
                for row in rows
            )
    database.close()
    return held


def named(client, kind, column):
    answer = client.get(f"/api/v1/{kind}/", params={"q": "(page_size:100)"})
    return {one[column]: one["id"] for one in answer.raise_for_status().json()["result"]}


def test_second_import_changes_nothing(settings):
    before = kept(settings)
    import_assets(settings)
    after = kept(settings)
    assert {name for name in before if before[name] != after[name]} == set()
    assert len(before["slices"]) == len(repository().charts)
    assert len(before["dashboards"]) == len(repository().dashboards)


def test_restart_changes_nothing(settings, running):
    # `running` was brought up to the repository when it was started, and answers by now.
    before = kept(settings)
    with served(settings.model_copy(update={
        "superset": settings.superset.model_copy(update={"port": settings.superset.port + 1})
    })):  # fmt: skip
        assert kept(settings) == before


def without_chart(folder):
    """Take a chart and its place on a dashboard out of a copy; its neighbour gets the room."""
    next((folder / "assets" / "charts").rglob(f"{CHART}.yml")).unlink()
    path = folder / "assets" / "dashboards" / f"{DASHBOARD}.yml"
    held = yaml.safe_load(path.read_text())
    for row in held["rows"]:
        room = row.get("charts", {}).pop(CHART, 0)
        if row.get("charts"):
            row["charts"][next(iter(row["charts"]))] += room
    held["rows"] = [row for row in held["rows"] if row.get("charts") or row.get("text")]
    path.write_text(yaml.safe_dump(held, sort_keys=False))


def test_chart_that_the_repository_lost_is_removed_and_own_work_stays(
    settings, running, admin, copied
):
    with running.api("analyst") as analyst:
        dataset = named(analyst, "dataset", "table_name")["token_metrics_daily"]
        made = analyst.post("/api/v1/chart/", json={
            "slice_name": "my own", "viz_type": "table", "datasource_id": dataset,
            "datasource_type": "table", "params": "{}",
        })  # fmt: skip
        assert made.status_code == 201, made.text
    before = named(admin, "chart", "slice_name"), named(admin, "dashboard", "dashboard_title")
    without_chart(copied)
    done = run_as_superset(settings, copied)
    assert done.returncode == 0, done.stderr
    title = repository().charts[CHART].title
    charts, dashboards = before
    assert named(admin, "chart", "slice_name") == {k: v for k, v in charts.items() if k != title}
    assert "my own" in charts
    assert named(admin, "dashboard", "dashboard_title") == dashboards
    import_assets(settings)
    assert set(named(admin, "chart", "slice_name")) == set(charts)


def broken(folder, kind):
    """Break a copy in one of the ways that people do; what the complaint has to say."""
    assets = folder / "assets"
    chart = next((assets / "charts").rglob(f"{CHART}.yml"))
    if kind == "no YAML":
        chart.write_text(chart.read_text() + "\n  params: {a: [}\n")
        return [f"{CHART}.yml"]
    if kind == "misspelt field":
        chart.write_text(chart.read_text().replace("title:", "titel:", 1))
        return [f"{CHART}.yml", "title"]
    if kind == "no such metric":
        chart.write_text(chart.read_text().replace("minted_usd", "mintd_usd"))
        return [f"{CHART}.yml", "params", "mintd_usd", "did you mean 'minted_usd'"]
    dashboard = assets / "dashboards" / f"{DASHBOARD}.yml"
    dashboard.write_text(dashboard.read_text().replace(CHART, "tokn_supply"))
    return [f"{DASHBOARD}.yml", "charts", "tokn_supply", f"did you mean '{CHART}'"]


@pytest.mark.parametrize("kind", ["no YAML", "misspelt field", "no such metric", "no such chart"])
def test_file_that_makes_no_sense_is_named_and_nothing_is_changed(settings, copied, kind):
    words = broken(copied, kind)
    before = kept(settings)
    done = run_as_superset(settings, copied)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert [word for word in words if word not in last] == [], last
    assert kept(settings) == before


def test_right_that_was_given_by_hand_is_gone_after_the_next_import(settings, admin):
    roles = named(admin, "security/roles", "name")
    permissions = admin.get(
        "/api/v1/security/permissions-resources/", params={"q": "(page_size:1000)"}
    ).json()["result"]
    path = f"/api/v1/security/roles/{roles['Viewer']}/permissions"
    before = {one["id"] for one in admin.get(f"{path}/").json()["result"]}
    other = next(one["id"] for one in permissions if one["id"] not in before)
    changed = admin.post(path, json={"permission_view_menu_ids": [*before, other]})
    assert changed.status_code == 200, changed.text
    import_assets(settings)
    assert {one["id"] for one in admin.get(f"{path}/").json()["result"]} == before


@pytest.fixture
def no_warehouse(settings):
    """The warehouse is down while a test runs."""
    stop(settings)
    yield
    ensure_running(settings)


def test_import_needs_no_warehouse(settings, running, no_warehouse):
    before = kept(settings)
    import_assets(settings)
    assert kept(settings) == before


def test_panels_say_that_the_warehouse_is_down_and_recover(
    settings, running, browser, screenshots, request
):
    context = running.signed_in(browser, "viewer")
    with looking(context) as look:
        stop(settings)
        try:
            panels = look.open("network")
            look.picture(screenshots, "superset", "network", "warehouse down")
            silent = {name for name, panel in panels.items() if not panel.complaints}
            said = {name: panel.complaints for name, panel in panels.items()}
            assert silent == set(), said
            assert running.process.poll() is None
        finally:
            ensure_running(settings)
        panels = look.open("network")
        assert {name for name, panel in panels.items() if panel.complaints} == set()
        assert all(panel.coloured for panel in panels.values())
