"""`oracul docs`: pages of models and data that load nothing from elsewhere, for this machine."""

import re
import signal
import subprocess
from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx
import pytest

from oracul.warehouse import connect, migrate
from tests.fixtures.browser import chromium
from tests.fixtures.landing import land_blocks
from tests.fixtures.project_copy import project_copy
from tests.fixtures.transfer_days import THREE_DAYS, block_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

EXPOSURE = """
exposures:
  - name: volume_of_tokens
    label: Volume of tokens
    type: dashboard
    description: What moved, by token and day.
    owner: {name: Analysts}
    depends_on: [ref('token_metrics_daily')]
"""
# What a browser fetches by itself, by tag.
LOADING = {"script": "src", "link": "href", "img": "src", "iframe": "src", "embed": "src"}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    with project_copy(tmp_path_factory.mktemp("docs") / "project") as copy:
        client = connect(copy.settings)
        migrate(client)
        land_blocks(client, "ethereum", [block_of(day, 10) for day in THREE_DAYS])
        client.close()
        copy.write("dbt_project/models/marts/_exposures.yml", EXPOSURE)
        yield copy


@pytest.fixture(scope="module")
def before_checks(project):
    """The first page of a home in which no check has run."""
    project.expect("oracul docs build")
    return (project.settings.home / "docs" / "index.html").read_text()


@pytest.fixture(scope="module")
def site(project, before_checks):
    """The folder after the main job's steps."""
    project.expect("oracul transform")
    project.expect("oracul docs build")
    return project.settings.home / "docs"


@pytest.fixture(scope="module")
def server(project, site):
    """A running `oracul docs serve` and where it says that it is."""
    process = subprocess.Popen(
        ["oracul", "docs", "serve", "--port", "0"],
        env=project.environment, cwd=project.root, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    yield process, re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())[0]
    process.kill()
    process.wait(timeout=30)


@pytest.fixture(scope="module")
def served(server):
    with httpx.Client(base_url=server[1], timeout=60, follow_redirects=True) as client:
        yield client


class Links(HTMLParser):
    """Addresses of a page: those it loads by itself, and those one can follow."""

    def __init__(self, page):
        super().__init__()
        self.loaded, self.led_to = [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if address := found.get(LOADING.get(tag, "")):
            self.loaded.append(address)
        if tag == "a" and found.get("href"):
            self.led_to.append(found["href"])


def pages(site):
    return {page.relative_to(site).as_posix(): page.read_text() for page in site.rglob("*.html")}


def test_page_without_checks_says_how_to_run_them(before_checks):
    assert "oracul check" in before_checks
    assert "checks/index.html" not in before_checks


def test_first_page_says_when_it_was_built_and_what_is_there(site):
    page = (site / "index.html").read_text()
    assert re.search(r"Built \d{4}-\d\d-\d\d \d\d:\d\d UTC", page)
    assert "6 exposures." in page
    assert "checks passed" in page


def test_every_link_within_the_site_leads_to_a_page(site, served):
    broken = [
        f"{name} -> {address}"
        for name, page in pages(site).items()
        if not name.startswith("models/")
        for address in Links(page).led_to
        if not address.startswith(("#", "http:", "https:"))
        and served.get(urljoin(f"/{name}", address)).status_code != 200
    ]
    assert broken == []
    assert set(Links((site / "index.html").read_text()).led_to) == {
        "models/index.html", "checks/index.html",
    }  # fmt: skip


def test_no_page_loads_anything_from_elsewhere(site):
    loaded = {address for page in pages(site).values() for address in Links(page).loaded}
    assert [one for one in loaded if "//" in one] == []
    assert all("Content-Security-Policy" in page for name, page in pages(site).items()
               if not re.fullmatch(r"checks/\w+/index.html", name))  # fmt: skip


def test_page_of_the_models_names_no_folder_of_this_machine(project, site):
    assert str(project.root) not in (site / "models" / "index.html").read_text()


def test_models_and_lineage_to_the_dashboard_are_seen_in_a_browser(site, served, screenshots):
    asked, said = [], []
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        page.set_default_timeout(120_000)
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto((site / "index.html").as_uri())
        page.click("text=Models and lineage")
        page.goto(f"{page.url.partition('#')[0]}#!/exposure/exposure.oracul.volume_of_tokens")
        page.get_by_text("What moved, by token and day.").first.wait_for()
        shown = page.url.partition("#")[0]
        page.goto(f"{shown}#!/model/model.oracul.token_metrics_daily")
        page.get_by_text("net_supply_change").first.wait_for()
        page.screenshot(path=screenshots / "docs-model.png")
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert said == []


def test_other_names_of_this_machine_are_refused(served):
    assert served.get("/", headers={"host": "evil.example"}).status_code == 400


@pytest.mark.parametrize("path", ["/../dbt/build.lock", "/%2e%2e/warehouse.json", "/checks/raw/"])
def test_nothing_but_the_pages_is_served(served, path):
    answer = served.get(path)
    assert answer.status_code == 404 or "Data quality" in answer.text


def test_taken_port_is_said_with_what_to_do(project, server):
    done = project.run(f"oracul docs serve --port {server[1].rpartition(':')[2]}")
    assert done.returncode == 2
    assert "--port 0" in done.stdout


def test_serving_before_building_says_what_to_do(project, site, tmp_path):
    done = project.run("oracul docs serve --port 0", ORACUL_HOME=str(tmp_path))
    assert done.returncode == 2
    assert "oracul docs build" in " ".join(done.stdout.split())


def test_warehouse_that_cannot_be_reached_is_said_and_the_old_pages_stay(project, site):
    before = (site / "index.html").read_text()
    away = {"ORACUL_CLICKHOUSE__HOST": "127.0.0.1", "ORACUL_CLICKHOUSE__PORT": "1"}
    done = project.run("oracul docs build", **away)
    assert done.returncode == 1
    assert "cannot be reached" in done.stdout
    assert (site / "index.html").read_text() == before


def test_server_ends_well_at_ctrl_c(server):
    server[0].send_signal(signal.SIGINT)
    assert server[0].wait(timeout=120) == 0
