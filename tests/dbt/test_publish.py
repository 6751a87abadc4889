"""Door 2 and publication: what fails a check stays beside, and readers keep what passed last.

One warehouse, taken through the main job's steps by the fixtures, in the order of the tests.
"""

from datetime import UTC, date, datetime

import pytest

from expectations.checkpoints import run_checks
from flows.main_job import call, run_steps, step_named
from flows.steps import Run
from oracul.errors import QualityError, WarehouseError
from oracul.warehouse.publish import publish
from tests.fixtures.content import content_hashes
from tests.fixtures.landing import land_blocks
from tests.fixtures.transfer_days import block_of

DAYS = [date(2024, 3, day) for day in (1, 2, 3)]
JOB = ["transform", "validate_marts", "publish", "detect"]


def run_job(settings, names=JOB, **options):
    """How each step ended."""
    outcomes = run_steps(Run(settings, **options), call, [step_named(name) for name in names])
    return {outcome.step: outcome for outcome in outcomes}


def volumes(client, database="marts"):
    rows = client.query(
        f"select block_date, volume_raw_exact from {database}.token_metrics_daily order by 1"
    ).result_rows
    return {day: int(volume) for day, volume in rows}


@pytest.fixture(scope="module")
def first_job(dbt_settings, dbt_client):
    """The job over two days."""
    land_blocks(dbt_client, "ethereum", [block_of(DAYS[0], 10), block_of(DAYS[1], 20)])
    return run_job(dbt_settings)


@pytest.fixture(scope="module")
def spoilt_job(first_job, dbt_settings, dbt_client):
    """A third day, and a mart that lost a transfer on its way: the second day counts none."""
    land_blocks(dbt_client, "ethereum", [block_of(DAYS[2], 30)])
    dbt_client.command(
        "alter table marts_next.token_metrics_daily"
        " update transfer_count = 0, volume_raw_exact = '0'"
        f" where block_date = '{DAYS[1]}' settings mutations_sync = 1"
    )
    return run_job(dbt_settings)


@pytest.fixture(scope="module")
def mended_job(spoilt_job, dbt_settings):
    """Everything is built again."""
    return run_job(dbt_settings, is_whole=True)


def test_marts_that_pass_their_checks_are_published(first_job, dbt_client):
    assert {name: outcome.status for name, outcome in first_job.items()} == dict.fromkeys(
        JOB, "done"
    )
    assert volumes(dbt_client) == {DAYS[0]: 10, DAYS[1]: 20}


def test_published_mart_keeps_its_comments(first_job, dbt_client):
    comments = (
        "select comment from system.columns where database = {d:String} and table = {t:String}"
    )
    for database in ("marts", "marts_next"):
        told = dbt_client.query(
            comments, parameters={"d": database, "t": "token_metrics_daily"}
        ).result_columns[0]
        assert all(told)


def test_failed_critical_check_stops_publication_and_detection(spoilt_job):
    assert spoilt_job["transform"].status == "done"
    assert isinstance(spoilt_job["validate_marts"].detail, QualityError)
    assert "token_sums_match_transfers" in spoilt_job["validate_marts"].summary
    assert (spoilt_job["publish"].status, spoilt_job["detect"].status) == ("skipped", "skipped")


def test_readers_keep_the_rows_that_passed_last(spoilt_job, first_job, dbt_settings, dbt_client):
    assert volumes(dbt_client, "marts_next") == {DAYS[0]: 10, DAYS[1]: 0, DAYS[2]: 30}
    assert volumes(dbt_client) == {DAYS[0]: 10, DAYS[1]: 20}


def test_later_run_publishes_what_is_mended(mended_job, dbt_client):
    assert mended_job["publish"].status == "done"
    assert volumes(dbt_client) == {DAYS[0]: 10, DAYS[1]: 20, DAYS[2]: 30}


def test_published_marts_equal_those_that_were_checked(mended_job, dbt_client):
    def said(database):
        hashes = content_hashes(dbt_client, (database,))
        return {name.partition(".")[2]: hashed for name, hashed in hashes.items()}

    assert said("marts") == said("marts_next") != {}


def test_second_publication_finds_nothing_to_do(mended_job, dbt_settings, dbt_client):
    assert publish(dbt_settings, dbt_client).days == {}


def test_only_changed_days_are_put_in_place(mended_job, dbt_settings, dbt_client):
    land_blocks(dbt_client, "ethereum", [block_of(DAYS[2], 31)])
    published = run_job(dbt_settings)["publish"].detail
    assert published.days["token_metrics_daily"] == 1
    assert volumes(dbt_client)[DAYS[2]] == 31


def test_day_without_blocks_any_more_is_taken_out(mended_job, dbt_settings, dbt_client):
    dbt_client.command(
        f"alter table meta.canonical_blocks delete where block_number = {DAYS[2].toordinal()}"
        " settings mutations_sync = 1"
    )
    run_job(dbt_settings)
    assert volumes(dbt_client) == {DAYS[0]: 10, DAYS[1]: 20}


def test_mart_with_another_column_is_replaced_whole(mended_job, dbt_settings, dbt_client):
    dbt_client.command("alter table marts.token_metrics_daily add column old_column UInt8")
    publish(dbt_settings, dbt_client)
    columns = dbt_client.query("select * from marts.token_metrics_daily limit 0").column_names
    assert "old_column" not in columns
    assert volumes(dbt_client) == {DAYS[0]: 10, DAYS[1]: 20}


def test_days_built_after_the_door_began_are_left_to_their_own_run(
    mended_job, dbt_settings, dbt_client
):
    before = content_hashes(dbt_client, ("marts",))
    judged_at = dbt_client.query("select now64(3, 'UTC')", tz_mode="aware").result_rows[0][0]
    dbt_client.command(
        "insert into meta.built_days select * replace"
        " (input_version + 1 as input_version, now64(3, 'UTC') as built_at)"
        " from meta.built_days final where model = 'marts_next.token_metrics_daily'"
        f" and block_date = '{DAYS[0]}'"
    )
    dbt_client.command(
        "alter table marts_next.token_metrics_daily update transfer_count = 666"
        f" where block_date = '{DAYS[0]}' settings mutations_sync = 1"
    )
    assert publish(dbt_settings, dbt_client, judged_at=judged_at).days == {}
    assert content_hashes(dbt_client, ("marts",)) == before
    # Whoever built them has a door of their own; without any, as by hand, they are published.
    assert publish(dbt_settings, dbt_client).days == {"token_metrics_daily": 1}
    run_job(dbt_settings, is_whole=True)
    assert content_hashes(dbt_client, ("marts",)) == before


def test_judged_day_is_published_beside_an_unjudged_one_of_its_month(
    mended_job, dbt_settings, dbt_client
):
    def build_anew(day, volume):
        dbt_client.command(
            "alter table marts_next.token_metrics_daily"
            f" update volume_raw_exact = '{volume}' where block_date = '{day}'"
            " settings mutations_sync = 1"
        )
        dbt_client.command(
            "insert into meta.built_days select * replace"
            " (input_version + 1 as input_version, now64(3, 'UTC') as built_at)"
            " from meta.built_days final where model = 'marts_next.token_metrics_daily'"
            f" and block_date = '{day}'"
        )

    before = content_hashes(dbt_client, ("marts",))
    build_anew(DAYS[1], 21)
    judged_at = dbt_client.query("select now64(3, 'UTC')", tz_mode="aware").result_rows[0][0]
    build_anew(DAYS[0], 11)
    published = publish(dbt_settings, dbt_client, judged_at=judged_at)
    assert published.days == {"token_metrics_daily": 1}
    assert volumes(dbt_client) == {DAYS[0]: 10, DAYS[1]: 21}
    assert publish(dbt_settings, dbt_client).days == {"token_metrics_daily": 1}
    assert volumes(dbt_client) == {DAYS[0]: 11, DAYS[1]: 21}
    run_job(dbt_settings, is_whole=True)
    assert content_hashes(dbt_client, ("marts",)) == before


def test_mart_partitioned_by_days_becomes_one_by_months(mended_job, dbt_settings, dbt_client):
    """As an older version of Oracul left it."""
    mart = "marts.network_metrics_daily"
    before = content_hashes(dbt_client, ("marts",))
    (made,) = dbt_client.query(f"show create table {mart}").result_rows[0]
    old = made.replace(mart, f"{mart}_old", 1).replace("(toStartOfMonth(block_date))", "block_date")
    dbt_client.command(old)
    dbt_client.command(f"insert into {mart}_old select * from {mart}")
    dbt_client.command(f"exchange tables {mart}_old and {mart}")
    dbt_client.command(f"drop table {mart}_old")
    publish(dbt_settings, dbt_client)
    keys = "select partition_key from system.tables where database = 'marts' and name = {t:String}"
    ((key,),) = dbt_client.query(keys, parameters={"t": "network_metrics_daily"}).result_rows
    assert "toStartOfMonth" in key
    assert content_hashes(dbt_client, ("marts",)) == before


def test_wrong_network_day_is_noticed_beside_real_pointers(mended_job, dbt_settings, dbt_client):
    """The check leaves out days whose pointers moved, by the formula that the model has."""
    change = "alter table marts_next.network_metrics_daily update block_count = {} where 1"
    dbt_client.command(change.format("block_count + 1") + " settings mutations_sync = 1")
    try:
        report = run_checks(
            dbt_settings, dbt_client, door="marts", run_id="network", now=datetime.now(UTC)
        )
    finally:
        dbt_client.command(change.format("block_count - 1") + " settings mutations_sync = 1")
    failed = {row.check for row in report.failed_critical}
    assert failed == {"network_days_match_blocks"}


def test_days_that_a_build_left_undone_are_not_published(mended_job, dbt_settings, dbt_client):
    before = content_hashes(dbt_client, ("marts",))
    dbt_client.command(
        "insert into meta.built_days (model, block_date, input_version, code_version, built_at)"
        " select model, block_date, 0, 'killed', now64(3)"
        " from meta.built_days final where model = 'marts_next.token_metrics_daily'"
        f" and block_date = '{DAYS[0]}'"
    )
    with pytest.raises(WarehouseError, match="1 day that a build did not finish"):
        publish(dbt_settings, dbt_client)
    assert content_hashes(dbt_client, ("marts",)) == before


def test_door_two_looks_at_published_marts_where_none_wait(dbt_settings, dbt_client, mended_job):
    run_job(dbt_settings)
    dbt_client.command("rename table marts_next.network_metrics_daily to marts_next.aside")
    try:
        report = run_checks(
            dbt_settings, dbt_client, door="marts", run_id="x", now=datetime.now(UTC)
        )
        assert not report.failed_critical
    finally:
        dbt_client.command("rename table marts_next.aside to marts_next.network_metrics_daily")


@pytest.mark.slow
def test_first_day_of_1970_is_a_day_like_any_other(mended_job, dbt_settings, dbt_client):
    """It is the day of Ethereum's genesis block, and once was the row of a table's code."""
    building = ["transform", "publish"]
    run_job(dbt_settings, building)
    land_blocks(dbt_client, "ethereum", [block_of(date(1970, 1, 1), 5)])
    published = run_job(dbt_settings, building)["publish"].detail
    assert published.days["token_metrics_daily"] == 1
    assert volumes(dbt_client)[date(1970, 1, 1)] == 5
