"""What an operator sees in the Prefect UI, in a real browser.

Deployments, forms, a finished run with its graph, artifacts. ORACUL_SCREENSHOTS names a folder to
keep the pictures in.
"""

import re

import pytest

from oracul.chains import load_chains
from oracul.demo.stage import CHAIN
from tests.fixtures.browser import chromium

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

SIZE = {"width": 1440, "height": 1000}
PATIENCE_MS = 60_000
# Prefect's own page asks for icons that it does not have.
_NOT_OURS = re.compile(r"/(favicon\.ico|ico/undefined\.svg)$")


@pytest.fixture(scope="module")
def browser():
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def runs(browser, quiet):
    """Runs that ended, by what they did."""
    made = {
        "ingest": quiet.start(f"ingest-{CHAIN}"),
        "plan": quiet.start("backfill", chain=CHAIN, blocks="0:50"),
    }
    for run in made.values():
        quiet.ended(run)
    filling = {"chain": CHAIN, "blocks": "0:50", "what": ["chain"], "dry_run": False}
    made["transform"] = quiet.start("transform")
    made["backfill"] = quiet.start("backfill", **filling)
    for run in made.values():
        state = quiet.ended(run, seconds=400)
        assert state["type"] == "COMPLETED", (state["message"], quiet.logged(run))
    return made


@pytest.fixture
def page(browser, quiet, screenshots, request):
    """A page of this stack's UI. Its picture is kept; what its console complains of is a fault."""
    opened = browser.new_page(viewport=SIZE, base_url=quiet.url)
    opened.set_default_timeout(PATIENCE_MS)
    complaints = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on(
        "console",
        lambda said: (
            said.type == "error"
            and not _NOT_OURS.search(said.location.get("url", ""))
            and complaints.append(f"{said.text} {said.location.get('url', '')}")
        ),
    )
    yield opened
    picture = re.sub(r"\W+", "-", request.node.name.removeprefix("test_")).strip("-")
    opened.screenshot(path=screenshots / f"{picture}.png")
    opened.close()
    assert complaints == []


def shows(page, *texts):
    """Each of the texts can be seen."""
    for text in texts:
        page.get_by_text(text, exact=True).first.wait_for(state="visible")


def open_artifact(page, stack, run, key):
    page.goto(f"/artifacts/artifact/{stack.artifacts(run)[key]['id']}")


def test_every_deployment_is_listed(page, quiet):
    page.goto("/deployments")
    shows(page, f"{len(quiet.deployments())} Deployments")
    names = sorted(quiet.deployments())
    shows(page, *names[:10])
    page.get_by_text("Page 1 of 2").locator("xpath=following::button[1]").click()
    shows(page, *names[10:])


def test_deployment_says_what_it_is_for(page, quiet):
    deployment = quiet.deployments()["backfill"]
    page.goto(f"/deployments/deployment/{deployment['id']}?tab=Description")
    page.get_by_text("Description", exact=True).first.click()
    shows(page, deployment["description"])


@pytest.mark.parametrize("name", ["backfill", "ingest-chain", "verify", "maintain", "transform"])
def test_form_explains_each_field(page, quiet, name):
    deployment = quiet.deployments()[name]
    page.goto(f"/deployments/deployment/{deployment['id']}/run")
    fields = deployment["parameter_openapi_schema"]["properties"]
    shows(page, *(field["description"] for field in fields.values()))


def test_backfill_is_a_dry_run_unless_one_says_otherwise(page, quiet):
    deployment = quiet.deployments()["backfill"]
    page.goto(f"/deployments/deployment/{deployment['id']}/run")
    shows(page, "dry_run (Optional)")
    switch = page.get_by_role("switch").or_(page.locator("input[type=checkbox]")).first
    switch.scroll_into_view_if_needed()
    assert switch.is_checked()


def test_form_lets_one_choose_a_chain(page, quiet):
    deployment = quiet.deployments()["backfill"]
    page.goto(f"/deployments/deployment/{deployment['id']}/run")
    shows(page, "Which chain.")
    page.locator(".p-select-button").first.click()
    page.keyboard.press("ArrowDown")
    shows(page, *load_chains())


def test_finished_run_shows_its_graph_and_what_it_did(page, quiet, runs):
    page.goto(f"/runs/flow-run/{runs['transform']}")
    shows(page, "transform network", "4 Task runs", "Completed")
    page.locator("canvas").first.wait_for(state="visible")
    page.get_by_text("Task Runs", exact=True).click()
    shows(page, "validate_raw network", "publish network")


def test_finished_run_lists_its_artifacts(page, quiet, runs):
    page.goto(f"/runs/flow-run/{runs['transform']}")
    page.get_by_text("Artifacts", exact=True).last.click()
    shows(page, "transform-steps", "transform-dbt-nodes", "transform-published")


def test_steps_that_are_degraded_say_why(page, quiet, runs):
    open_artifact(page, quiet, runs["ingest"], "ingest-chain-steps")
    shows(page, "ingest_chain", "degraded")
    page.get_by_text("answers not believed").first.wait_for(state="visible")


def test_models_that_dbt_ran_are_a_table(page, quiet, runs):
    open_artifact(page, quiet, runs["transform"], "transform-dbt-nodes")
    shows(page, "status", "seconds", "name", "network_metrics_daily", "success")


def test_checks_are_a_table(page, quiet, runs):
    open_artifact(page, quiet, runs["transform"], "transform-validate-raw")
    shows(page, "status", "observed", "expected", "parents_link", "raw.transactions")


def test_run_leads_to_the_pages_that_show_more_of_it(page, quiet, runs):
    open_artifact(page, quiet, runs["transform"], "transform-links")
    shows(page, "Models, columns and lineage", "Results of the checks")


def test_plan_of_a_backfill_is_a_table(page, quiet, runs):
    open_artifact(page, quiet, runs["plan"], "backfill-plan")
    shows(page, f"blocks of {CHAIN}, 0:50", "hourly prices of the days")


def test_progress_of_a_backfill_is_shown(page, quiet, runs):
    open_artifact(page, quiet, runs["backfill"], "backfill-progress")
    shows(page, "Progress: 100%")


def test_artifacts_are_listed_by_what_they_are(page, quiet, runs):
    page.goto("/artifacts")
    shows(page, "transform-steps", "backfill-plan", "backfill-progress")


def test_runs_have_names_that_say_what_they_cover(page, quiet, runs):
    page.goto("/runs")
    names = (f"ingest-chain {CHAIN}", "transform network", f"backfill {CHAIN} 0:50 (dry run)")
    shows(page, *names, "Degraded")
