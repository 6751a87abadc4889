"""Coverage by day: blocks that are not there, that were damaged, and that nobody looked at yet."""

import re
from datetime import date

import pytest

from extractors.evm.verify.report import DoesNotHold
from extractors.evm.verify.run import Scope, verify
from oracul.analytics.coverage import BLOCK_DATASETS, DATASETS, read_days
from oracul.chains import DBT_PROJECT_DIR
from oracul.warehouse.dbt import build
from oracul.warehouse.publish import MART_GROUPS
from tests.fixtures.damage import remove_row
from tests.fixtures.kinds_chain import CHAIN, kinds_chain
from tests.fixtures.landing import land_blocks

pytestmark = pytest.mark.slow
FIRST, SECOND, MISSING, LAST = (date(2023, 11, day) for day in (14, 15, 16, 17))


@pytest.fixture(scope="module")
def coverage(dbt_settings, dbt_client):
    """(status, proven, partial, broken, missing, verified) by dataset and day."""
    land_blocks(dbt_client, CHAIN, kinds_chain(12))
    dbt_client.command("delete from meta.canonical_blocks where block_number in (5, 6, 7, 8)")
    remove_row(dbt_client, "raw.logs", CHAIN, 2)
    with pytest.raises(DoesNotHold):
        verify(dbt_settings, dbt_client, Scope(CHAIN, (0, 5), is_offline=True), run_id="t")
    build(dbt_settings)
    rows = dbt_client.query(
        "select dataset, block_date, status, proven_count, partial_count, broken_count,"
        " missing_count, verified_count from marts.coverage_daily"
    ).result_rows
    return {(dataset, day): tuple(rest) for dataset, day, *rest in rows}


def test_day_without_blocks_is_missing(coverage):
    assert coverage["logs", MISSING] == ("missing", 0, 0, 0, 4, 0)


def test_day_with_a_damaged_block_is_broken_in_its_own_table_only(coverage):
    assert coverage["logs", SECOND] == ("broken", 3, 0, 1, 0, 4)
    assert coverage["withdrawals", SECOND] == ("proven", 4, 0, 0, 0, 4)


def test_day_nobody_looked_at_counts_as_it_landed(coverage):
    assert coverage["transactions", LAST] == ("proven", 3, 0, 0, 0, 0)


def test_hours_without_a_price_are_missing(coverage):
    assert coverage["prices", FIRST] == ("missing", 0, 0, 0, 24, 0)


COUNTED = (
    "select chain, block_date, dataset, status, proven_count, partial_count, broken_count,"
    " missing_count, verified_count, last_verified_at from marts.{} order by all"
)


def counted(client, view, **settings):
    return client.query(COUNTED.format(view), settings=settings).result_rows


def test_map_of_the_last_build_equals_the_one_of_now(coverage, dbt_client):
    found = counted(dbt_client, "coverage_built_daily")
    assert len(found) > len(BLOCK_DATASETS)
    assert found == counted(dbt_client, "coverage_daily")


def test_reader_whose_joins_make_no_nulls_sees_the_same(coverage, dbt_client):
    found = counted(dbt_client, "coverage_daily", join_use_nulls=0)
    assert found == counted(dbt_client, "coverage_daily", join_use_nulls=1)


def test_later_verification_shows_after_the_next_build_which_builds_its_day_only(
    coverage, dbt_settings, dbt_client
):
    verify(dbt_settings, dbt_client, Scope(CHAIN, (9, 12), is_offline=True), run_id="later")
    began = dbt_client.query("select now64(3, 'UTC')", tz_mode="aware").result_rows[0][0]
    build(dbt_settings)
    found = counted(dbt_client, "coverage_built_daily")
    verified = {row[1] for row in found if row[2] == "logs" and row[8] == 3}
    assert verified == {LAST}
    assert found == counted(dbt_client, "coverage_daily")
    anew = dbt_client.query(
        "select block_date from meta.built_days final"
        " where model = 'curated.block_proof_days' and built_at > {began:DateTime64(3, 'UTC')}",
        parameters={"began": began},
    ).result_rows
    assert anew == [(LAST,)]


def test_marts_wait_when_a_source_was_built_since(coverage, dbt_client):
    assert coverage["marts", LAST] == ("proven", 10, 0, 0, 0, 0)
    dbt_client.command(
        "insert into meta.built_days select * replace (built_at + interval 1 hour as built_at)"
        " from meta.built_days final"
        f" where model = 'curated.erc20_transfers' and block_date = '{LAST}'"
    )
    (day,) = (d for d in read_days(dbt_client, CHAIN, LAST, LAST) if d.dataset == "marts")
    assert (day.status, day.proven, day.partial) == ("partial", 3, 7)


def test_marts_by_day_are_those_of_the_folder():
    folder = DBT_PROJECT_DIR / "models" / "marts"
    models = {p.stem for g in MART_GROUPS for p in (folder / g).glob("*.sql")}
    text = (folder / "quality" / "coverage_marts_daily.sql").read_text()
    named = set(re.findall(r"\('(\w+)', '(?:blocks|erc20_transfers)'\)", text))
    assert named == {model for model in models if not model.endswith("_weekly")}


def test_command_reads_the_days_it_is_asked_for(coverage, dbt_client):
    days = read_days(dbt_client, CHAIN, SECOND, MISSING)
    assert {day.day for day in days} == {SECOND, MISSING}
    assert {day.dataset: (day.status, day.missing) for day in days if day.day == MISSING} == (
        dict.fromkeys(BLOCK_DATASETS, ("missing", 4))
    )
    assert read_days(dbt_client, "nochain", SECOND, MISSING) == []


def test_every_day_has_every_dataset_once(coverage):
    assert len(coverage) == 4 * len(BLOCK_DATASETS) + 3 * len(DATASETS[4:])
    assert coverage["blocks", FIRST][0] == "proven"
