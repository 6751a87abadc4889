"""Every dashboard is an exposure of dbt, and the other way round."""

import shutil

import pytest
import yaml
from assets import read_assets
from exposures import EXPOSURES, exposure_complaints, tables_of


@pytest.fixture(scope="module")
def assets():
    return read_assets()


@pytest.fixture
def folder(tmp_path):
    """A copy of the exposures to spoil."""
    return shutil.copytree(EXPOSURES, tmp_path / "exposures")


def change(path, **fields):
    held = yaml.safe_load(path.read_text())
    held["exposures"][0] |= fields
    path.write_text(yaml.safe_dump(held))


def test_exposures_say_what_the_dashboards_say(assets):
    assert list(exposure_complaints(assets)) == []
    assert len(list(EXPOSURES.glob("*.yml"))) == len(assets.dashboards)


def test_dashboard_without_an_exposure_is_told(assets, folder):
    (folder / "network.yml").unlink()
    (told,) = exposure_complaints(assets, folder)
    assert told.endswith("no exposure of dbt yet: write dbt_project/models/exposures/network.yml")


def test_exposure_without_a_dashboard_is_told(assets, folder):
    change(folder / "network.yml", name="networks")
    assert "networks: there is no such dashboard" in list(exposure_complaints(assets, folder))[-1]


def test_missing_and_surplus_inputs_are_told(assets, folder):
    change(folder / "network.yml", depends_on=["ref('anomalies')"])
    told = list(exposure_complaints(assets, folder))
    assert len(told) == len(tables_of(assets, "network")) + 1
    assert any("also reads network_metrics_weekly" in one for one in told)
    assert any("does not read anomalies" in one for one in told)


@pytest.mark.parametrize(("field", "value"), [("label", "Net"), ("url", "https://x.example/")])
def test_other_words_are_told(assets, folder, field, value):
    change(folder / "network.yml", **{field: value})
    (told,) = exposure_complaints(assets, folder)
    assert f"network.yml: {field}: " in told
