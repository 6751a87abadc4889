"""A history of three years, one block a day: more days than one insert may have partitions."""

import pytest

from benchmarks.made_days import add_days
from oracul.warehouse.dbt import raise_first_failure, run_dbt

pytestmark = pytest.mark.slow

DAYS = 1100


@pytest.fixture(scope="module")
def built(dbt_settings, dbt_client):
    add_days(dbt_client, 0, DAYS, logs_a_day=4, blocks_a_day=2)
    return transfers(dbt_settings)


def transfers(settings):
    """Build the transfers and what they need; the result of each node by name."""
    words = ["build", "--exclude-resource-type", "test", "unit_test"]
    nodes = run_dbt(settings, [*words, "--select", "+erc20_transfers"])
    raise_first_failure(nodes)
    return {node.name: node for node in nodes}


def test_three_years_are_built_at_once(dbt_client, built):
    found = dbt_client.query(
        "select uniqExact(block_date) from curated.erc20_transfers"
    ).result_rows
    assert built["erc20_transfers"].days_built == DAYS
    assert found == [(DAYS,)]


def test_changed_day_of_three_years_is_found(dbt_settings, dbt_client, built):
    add_days(dbt_client, 500, 1, logs_a_day=4, blocks_a_day=2, finality="finalized")
    assert transfers(dbt_settings)["erc20_transfers"].days_built == 1
