"""Where a run's page leads to."""

import pytest

from flows.links import links_of
from flows.steps import Outcome
from oracul.chains import PROJECT_ROOT
from oracul.settings import DocsSettings, Settings, SupersetSettings

DASHBOARDS = PROJECT_ROOT / "deployments" / "superset" / "assets" / "dashboards"


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path, _env_file=None)


def ended(*steps):
    return [Outcome(step, "done", "", None) for step in steps]


def test_checks_lead_to_their_dashboard_and_their_results(settings):
    assert links_of(settings, ended("validate_raw", "validate_marts")) == [
        ("Data quality and operations", "http://127.0.0.1:8088/superset/dashboard/data-quality/"),
        ("Results of the checks", "http://127.0.0.1:18124/checks/index.html"),
    ]


def test_landing_leads_nowhere(settings):
    assert links_of(settings, ended("ingest_chain", "ingest_prices")) == []


def test_addresses_are_those_under_which_people_open_them(settings):
    away = settings.model_copy(
        update={
            "superset": SupersetSettings(url="https://bi.example/"),
            "docs": DocsSettings(url="https://docs.example"),
        }
    )
    addresses = [address for _, address in links_of(away, ended("detect", "transform"))]
    assert addresses == [
        "https://bi.example/superset/dashboard/overview/",
        "https://docs.example/models/index.html",
    ]


def test_no_dashboard_is_named_where_there_is_no_superset(settings):
    without = settings.model_copy(update={"superset": SupersetSettings(enabled=False)})
    assert links_of(without, ended("detect")) == []


def test_every_dashboard_it_leads_to_is_there(settings):
    every = ended("validate_raw", "publish", "detect", "verify")
    addresses = [address for _, address in links_of(settings, every)]
    slugs = {address.split("/")[-2] for address in addresses if "dashboard" in address}
    assert slugs == {"data-quality", "overview"}
    assert slugs <= {path.stem.replace("_", "-") for path in DASHBOARDS.glob("*.yml")}
