"""The SQL of the dashboards' metrics and columns, tried on built tables without rows."""

import json

import pytest

from oracul.stack import superset
from oracul.stack.superset import refused_expressions
from oracul.warehouse.dbt import raise_first_failure, run_dbt


@pytest.fixture(scope="module")
def built(dbt_settings, dbt_client):
    raise_first_failure(run_dbt(dbt_settings, ["seed"]))
    raise_first_failure(run_dbt(dbt_settings, ["run"]))
    return dbt_client


def test_warehouse_understands_every_metric_and_column(built):
    assert refused_expressions(built) == []


def test_misspelt_column_in_a_metric_is_named_with_its_file(built, monkeypatch):
    asked = {
        "file": "datasets/token_metrics_daily.yml",
        "name": "metrics.volume",
        "table": "marts.token_metrics_daily",
        "sql": "select sum(volume_us) from marts.token_metrics_daily limit 0",
    }
    monkeypatch.setattr(superset, "_run_tool", lambda name: [json.dumps(asked)])
    (said,) = refused_expressions(built)
    assert said.startswith("datasets/token_metrics_daily.yml: metrics.volume: ")
    assert "volume_us" in said
    assert "volume_usd" in said


def test_table_that_is_not_built_yet_is_left_out(built, monkeypatch):
    asked = {
        "file": "f",
        "name": "n",
        "table": "marts.to_come",
        "sql": "select 1 from marts.to_come",
    }
    monkeypatch.setattr(superset, "_run_tool", lambda name: [json.dumps(asked)])
    assert refused_expressions(built) == []
