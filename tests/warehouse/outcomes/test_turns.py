"""Tables have turns of their own: door 2 leaves out what waits for its turn and tells of what waits
too long; a door of some tables passes for these only."""

from datetime import UTC, timedelta

import pytest

from expectations.checkpoints import last_passed
from expectations.scope import Scope
from flows.bodies import validate_marts
from flows.steps import Run
from oracul.errors import QualityError
from oracul.times import utc_now
from oracul.warehouse import StepRun, group_step, step_run
from oracul.warehouse.publish import mart_tables
from tests.fixtures.checked_chain import NOW, START, write_clean
from tests.fixtures.noticing import change, delete, noticed
from tests.fixtures.small_marts import TABLES, empty


@pytest.fixture
def clean(outcomes_client):
    """One clean chain, devnet."""
    write_clean(outcomes_client)
    return outcomes_client


def book(client, model, day, *, began_at, built_at, version=7):
    client.insert(
        "built_days",
        [[model, day, version, "code", began_at, built_at]],
        database="meta",
        column_names=[
            "model", "block_date", "input_version", "code_version", "began_at", "built_at",
        ],
    )  # fmt: skip


@pytest.fixture
def wrong_sum(clean):
    """One clean chain, but for a sum of tokens that is not that of the transfers."""
    clean.command(change("marts.token_metrics_daily", "transfer_count = 1", "1").format(mine="1"))
    empty(clean, "meta.built_days")
    yield clean
    empty(clean, "meta.built_days")


def read_at(client, hours):
    """Book each day of tokens as read so many hours after its transfers (30 hours old)."""
    source_built_at = utc_now() - timedelta(hours=30)
    for day in (START.date(), START.date() + timedelta(days=1)):
        book(
            client, "curated.erc20_transfers", day,
            began_at=source_built_at, built_at=source_built_at,
        )  # fmt: skip
        began_at = source_built_at + timedelta(hours=hours)
        book(
            client, "marts.token_metrics_daily", day,
            began_at=began_at, built_at=began_at + timedelta(minutes=1),
        )  # fmt: skip


TOKENS = Scope(NOW, table="marts.token_metrics_daily")


def test_sum_is_compared_when_the_transfers_have_not_changed_since(wrong_sum):
    read_at(wrong_sum, hours=1)
    assert noticed(wrong_sum, TOKENS) == {"devnet": {"token_sums_match_transfers"}}


def test_day_that_waits_for_its_build_is_not_compared_but_told(wrong_sum):
    read_at(wrong_sum, hours=-1)
    assert noticed(wrong_sum, TOKENS) == {"curated.erc20_transfers": {"days_are_built"}}


def test_day_may_wait_for_a_day_and_two_hours(wrong_sum):
    just_now = utc_now()
    read_at(wrong_sum, hours=-1)
    for day in (START.date(), START.date() + timedelta(days=1)):
        book(
            wrong_sum, "curated.erc20_transfers", day,
            began_at=just_now, built_at=just_now,
        )  # fmt: skip
    assert noticed(wrong_sum, TOKENS) == {}


def test_day_that_is_being_built_is_not_compared(wrong_sum):
    read_at(wrong_sum, hours=1)
    for day in (START.date(), START.date() + timedelta(days=1)):
        book(
            wrong_sum, "marts.token_metrics_daily", day,
            began_at=utc_now(), built_at=utc_now(), version=0,
        )  # fmt: skip
    assert noticed(wrong_sum, TOKENS) == {}


def test_day_whose_build_was_killed_a_day_ago_is_told(wrong_sum):
    read_at(wrong_sum, hours=-10)
    killed_at = utc_now() - timedelta(hours=27)
    for day in (START.date(), START.date() + timedelta(days=1)):
        book(
            wrong_sum, "marts.token_metrics_daily", day,
            began_at=killed_at, built_at=killed_at, version=0,
        )  # fmt: skip
    assert noticed(wrong_sum, TOKENS) == {"curated.erc20_transfers": {"days_are_built"}}


def test_blocks_that_landed_since_the_build_are_left_to_the_next_one(clean):
    clean.command(delete("marts.network_metrics_daily", "1").format(mine="1"))
    assert noticed(clean) == {"devnet": {"network_days_match_blocks"}}
    clean.command("truncate table curated.block_days")
    assert noticed(clean) == {"devnet": {"network_days_match_blocks"}}
    clean.command(
        change("meta.canonical_blocks", "committed_at = now64(3, 'UTC')", "1").format(mine="1")
    )
    assert noticed(clean) == {}


def test_last_passed_is_when_the_last_run_began_that_passed(clean):
    empty(clean, "meta.pipeline_runs")
    assert last_passed(clean, "raw") is None
    with step_run(clean, "r1", "validate_raw"):
        pass
    began = clean.query("select min(started_at) from meta.pipeline_runs final").result_rows[0][0]
    assert last_passed(clean, "raw") == began.replace(tzinfo=UTC) - timedelta(hours=1)


def test_last_passed_of_marts_is_that_of_the_group_that_passed_longest_ago(clean):
    empty(clean, "meta.pipeline_runs")
    began = {}
    for groups in (["tokens"], ["addresses", "network"]):
        step = group_step("validate_marts", groups)
        with step_run(clean, f"run of {groups}", step):
            pass
        began[groups[0]] = clean.query(
            "select started_at from meta.pipeline_runs final where step = {step:String}",
            parameters={"step": step},
        ).result_rows[0][0].replace(tzinfo=UTC)  # fmt: skip
    hour = timedelta(hours=1)
    assert last_passed(clean, "marts", ["network"]) == began["addresses"] - hour
    assert last_passed(clean, "marts") == began["tokens"] - hour


def test_failure_of_one_group_is_not_over_when_another_passes(clean):
    empty(clean, "meta.pipeline_runs")
    with pytest.raises(QualityError), step_run(clean, "r1", "validate_marts:tokens"):
        raise QualityError("bad")
    with step_run(clean, "r2", "validate_marts:network"):
        pass
    assert last_passed(clean, "marts", ["tokens"]) is None
    assert last_passed(clean, "marts", ["network"]) is not None


def test_last_passed_is_none_after_a_run_that_failed(clean):
    empty(clean, "meta.pipeline_runs")
    with step_run(clean, "r1", "validate_raw"):
        pass
    with pytest.raises(QualityError), step_run(clean, "r2", "validate_raw"):
        raise QualityError("bad")
    assert last_passed(clean, "raw") is None


def test_marts_whose_first_build_is_still_to_come_are_left_out(outcomes_settings, clean):
    """Those of tokens are built at night, door 2 is looked at every hour."""
    empty(clean, "meta.pipeline_runs")
    here = sorted(table for table in mart_tables(["tokens"]) if f"marts.{table}" in TABLES)
    away = {table: f"gone_{table}" for table in here}
    run = Run(outcomes_settings, now=NOW)
    for table, name in away.items():
        clean.command(f"rename table marts.{table} to marts.{name}")
    try:
        assert validate_marts(run, clean, StepRun()).summary.endswith("not built yet: tokens")
        with step_run(clean, run.run_id, group_step("transform", ["tokens"])):
            pass
        with pytest.raises(QualityError, match="token_metrics_daily table_exists"):
            validate_marts(run, clean, StepRun())
    finally:
        for table, name in away.items():
            clean.command(f"rename table marts.{name} to marts.{table}")
        empty(clean, "meta.pipeline_runs")
