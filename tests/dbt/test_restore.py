"""After a restore, builds go on: what is booked as built is what was restored.

One warehouse with days of transfers, taken through backup, more work and restore.
"""

import shutil
from datetime import date

import pytest

from flows.main_job import call, run_steps, step_named
from flows.steps import Run
from oracul.warehouse import connect
from oracul.warehouse.backups import restore, take
from tests.fixtures.content import contents, differences
from tests.fixtures.landing import land_blocks
from tests.fixtures.transfer_days import block_of
from tests.fixtures.warehouse import own_warehouse

pytestmark = pytest.mark.slow

DAYS = [date(2024, 3, day) for day in (1, 2, 3)]


def transform(settings, **options):
    """Days that were built, in all models."""
    names = ["transform", "validate_marts", "publish"]
    steps = [step_named(name) for name in names]
    outcomes = list(run_steps(Run(settings, **options), call, steps))
    assert {outcome.status for outcome in outcomes} == {"done"}, outcomes
    return sum(node.days_built for node in outcomes[0].detail.nodes)


def next_equals_published(client):
    named = {
        database: {
            name.partition(".")[2]: content
            for name, content in contents(client, (database,)).items()
        }
        for database in ("marts", "marts_next")
    }
    return named["marts"] == named["marts_next"] != {}


@pytest.fixture(scope="module")
def saved(dbt_settings, dbt_client):
    """Two days, published and backed up as `two_days`: what the warehouse says then."""
    land_blocks(dbt_client, "ethereum", [block_of(DAYS[0], 10), block_of(DAYS[1], 20)])
    transform(dbt_settings)
    take(dbt_settings, dbt_client, "two_days")
    return contents(dbt_client)


@pytest.fixture
def moved_on(saved, dbt_settings, dbt_client):
    """A third day and another second one have come and were published."""
    land_blocks(dbt_client, "ethereum", [block_of(DAYS[1], 21), block_of(DAYS[2], 30)])
    transform(dbt_settings)
    assert differences(saved, contents(dbt_client))


def test_transform_after_a_restore_finds_nothing_to_build(
    moved_on, saved, dbt_settings, dbt_client
):
    restore(dbt_settings, dbt_client, "two_days", replace=True)
    assert not differences(saved, contents(dbt_client))
    assert next_equals_published(dbt_client)
    assert transform(dbt_settings) == 0
    assert not differences(saved, contents(dbt_client))


def test_later_days_after_a_restore_equal_those_of_a_whole_build(
    moved_on, dbt_settings, dbt_client
):
    restore(dbt_settings, dbt_client, "two_days", replace=True)
    land_blocks(dbt_client, "ethereum", [block_of(DAYS[1], 22), block_of(DAYS[2], 31)])
    assert transform(dbt_settings) > 0
    followed = contents(dbt_client)
    transform(dbt_settings, is_whole=True)
    assert not differences(followed, contents(dbt_client))
    assert next_equals_published(dbt_client)


def test_candidates_that_were_never_published_are_built_again(saved, dbt_settings, dbt_client):
    """The backup was taken while marts_next was ahead of marts."""
    restore(dbt_settings, dbt_client, "two_days", replace=True)
    land_blocks(dbt_client, "ethereum", [block_of(DAYS[2], 32)])
    list(run_steps(Run(dbt_settings), call, [step_named("transform")]))
    take(dbt_settings, dbt_client, "ahead", incremental=True)
    restore(dbt_settings, dbt_client, "ahead", replace=True)
    assert transform(dbt_settings) > 0
    days = "select max(block_date) from marts.token_metrics_daily"
    assert dbt_client.query(days).result_rows[0][0] == DAYS[2]
    assert next_equals_published(dbt_client)


def test_backup_restores_into_a_new_home(saved, dbt_settings, tmp_path):
    with own_warehouse(tmp_path / "home") as settings:
        client = connect(settings)
        shutil.copytree(
            dbt_settings.home / "backups", settings.home / "backups", dirs_exist_ok=True
        )
        restored = restore(settings, client, "two_days")
        assert restored.views_left == ()
        assert not differences(saved, contents(client))
        assert transform(settings) == 0
        assert not differences(saved, contents(client))
        assert client.command("select count() from marts.pipeline_freshness") >= 0
