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
