"""A second build at work on the same tables: days stay, or are built again, and never go missing.

The other build's part is done from inside ours, at the instant it sends a statement."""

import os
import time
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from oracul.warehouse.dbt import raise_first_failure, run_dbt
from tests.fixtures.landing import land_blocks
from tests.fixtures.toy_chain import address, toy_block, transaction, transfer_log

NODES = ["stg_meta__canonical_blocks", "stg_evm__logs", "block_days", "token_days"]
DAY = date(2024, 3, 1)
MART = "marts.network_metrics_daily"
OLD_SECONDS = 2 * 86400


def run(settings, on_event=None):
    """Build `token_days` and what it reads; the result of `token_days`."""
    nodes = run_dbt(settings, ["run", "--select", *NODES], on_event)
    return next(n for n in nodes if n.name == "token_days")


def block(number, logs, *, salt="", day=DAY):
    second = int(datetime(day.year, day.month, day.day, 12, number, tzinfo=UTC).timestamp())
    return toy_block(
        number,
        "0x" + "00" * 32,
        [transaction(f"{number}/{salt}", logs)],
        salt=salt,
        edit_header=lambda header: header.update(timestamp=hex(second)),
    )


def transfer(token):
    return transfer_log(address(token), address("alice"), address("bob"), 1)


def before_statement(words, act):
    """An `on_event` that acts once, right before dbt sends the first statement with the words."""
    left = [act]

    def on_event(event):
        if "On model." in event.info.msg and words in event.info.msg and left:
            left.pop()()

    return on_event


def rows_of_the_day(client):
    return client.query(
        "select count() from curated.token_days where block_date = {day:Date}",
        parameters={"day": DAY},
    ).result_rows[0][0]


def tables_beside(client):
    found = client.query("select name from system.tables where name like '%\\_\\_dbt%'")
    return [name for (name,) in found.result_rows]


@pytest.fixture(scope="module")
def built(dbt_settings, dbt_client):
    land_blocks(dbt_client, "ethereum", [block(1, [transfer("one"), transfer("two")])])
    raise_first_failure([run(dbt_settings)])


@pytest.fixture
def changed(dbt_client, built):
    """The day has something new to build."""
    dbt_client.command(
        "insert into meta.canonical_blocks select * replace (version + 1 as version,"
        " if(finality = 'safe', 'finalized', 'safe') as finality)"
        " from meta.canonical_blocks final"
    )


@pytest.fixture
def drop_beside(dbt_client):
    def drop():
        for name in tables_beside(dbt_client):
            dbt_client.command(f"drop table curated.`{name}`")

    return drop


@pytest.fixture
def begin_another(dbt_client):
    """What another build does first: it unbooks the day."""

    def begin():
        dbt_client.command(
            "insert into meta.built_days (model, block_date, input_version, code_version, built_at)"
            " values ('curated.token_days', {day:Date}, 0, 'another', now64(3, 'UTC'))",
            parameters={"day": DAY},
        )

    return begin


@pytest.mark.parametrize("statement", ["select distinct toString(", "replace partition"])
def test_lost_table_beside_never_empties_a_day(
    dbt_settings, dbt_client, changed, drop_beside, statement
):
    lost = run(dbt_settings, before_statement(statement, drop_beside))
    assert lost.is_failed
    assert rows_of_the_day(dbt_client) == 2
    assert run(dbt_settings).days_built == 1


def test_build_stops_before_it_touches_days_of_another(
    dbt_settings, dbt_client, changed, begin_another
):
    stopped = run(
        dbt_settings, before_statement("insert into `curated`.`token_days", begin_another)
    )
    assert stopped.is_failed
    assert "Another build is working" in stopped.message
    assert run(dbt_settings).days_built == 1


def test_day_that_two_builds_have_replaced_is_built_again(
    dbt_settings, dbt_client, changed, begin_another
):
    stopped = run(dbt_settings, before_statement("replace partition", begin_another))
    assert stopped.is_failed
    assert run(dbt_settings).days_built == 1


def test_failed_build_leaves_nothing_beside(dbt_settings, dbt_client, changed, begin_another):
    stopped = run(dbt_settings, before_statement("replace partition", begin_another))
    assert stopped.is_failed
    assert tables_beside(dbt_client) == []


def test_left_over_is_dropped_once_no_build_can_be_using_it(dbt_settings, dbt_client, built):
    for name in ("token_days__dbt_days_0000000a", "token_days__dbt_tmp_0000000b"):
        dbt_client.command(f"create table curated.{name} (a UInt8) order by a")
    path = dbt_client.query(
        "select metadata_path from system.tables where name = 'token_days__dbt_tmp_0000000b'"
    ).result_rows[0][0]
    root = dbt_client.query("select value from system.server_settings where name = 'path'")
    old = time.time() - OLD_SECONDS
    os.utime(Path(root.result_rows[0][0]) / path, (old, old))
    run(dbt_settings)
    found = tables_beside(dbt_client)
    dbt_client.command("drop table curated.token_days__dbt_days_0000000a")
    assert found == ["token_days__dbt_days_0000000a"]


def test_day_that_has_no_row_any_more_becomes_empty(dbt_settings, dbt_client, built):
    land_blocks(dbt_client, "ethereum", [block(1, [], salt="fork")])
    raise_first_failure([run(dbt_settings)])
    assert rows_of_the_day(dbt_client) == 0


@pytest.fixture(scope="module")
def built_mart(dbt_settings, dbt_client):
    """A mart with two days of one month, which are one partition."""
    land_blocks(dbt_client, "ethereum", [block(2, [transfer("one")])])
    land_blocks(dbt_client, "ethereum", [block(3, [transfer("one")], day=DAY.replace(day=2))])
    raise_first_failure(run_dbt(dbt_settings, ["run", "--select", "+network_metrics_daily"]))


@pytest.fixture
def changed_day(dbt_client, built_mart):
    """The mart's first day has something new to build."""
    dbt_client.command(
        "insert into meta.canonical_blocks select * replace (version + 1 as version,"
        " if(finality = 'safe', 'finalized', 'safe') as finality)"
        f" from meta.canonical_blocks final where toDate(block_timestamp) = '{DAY}'"
    )


@pytest.fixture
def begin_beside(dbt_client):
    """Another build begins on another day of the month."""

    def begin():
        dbt_client.command(
            "insert into meta.built_days (model, block_date, input_version, code_version, built_at)"
            f" values ('{MART} by partition', {{day:Date}}, 0, 'another', now64(3, 'UTC'))",
            parameters={"day": DAY.replace(day=1)},
        )

    return begin


def run_mart(settings, on_event=None):
    nodes = run_dbt(settings, ["run", "--select", "+network_metrics_daily"], on_event)
    return next(n for n in nodes if n.name == "network_metrics_daily")


def mart_rows(client):
    return client.query(f"select * from {MART} order by block_date").result_rows


def test_other_days_of_a_month_stay_as_they_are(dbt_settings, dbt_client, changed_day):
    before = mart_rows(dbt_client)
    assert run_mart(dbt_settings).days_built == 1
    after = mart_rows(dbt_client)
    assert [row == old for row, old in zip(after, before, strict=True)] == [False, True]


def test_build_stops_before_it_touches_a_month_of_another(
    dbt_settings, dbt_client, changed_day, begin_beside
):
    before = mart_rows(dbt_client)
    beside = "insert into `marts`.`network_metrics_daily__dbt_days"
    stopped = run_mart(dbt_settings, before_statement(beside, begin_beside))
    assert stopped.is_failed
    assert "Another build is working" in stopped.message
    assert mart_rows(dbt_client) == before
    assert run_mart(dbt_settings).days_built == 1


def test_month_that_another_build_began_on_meanwhile_is_built_again(
    dbt_settings, dbt_client, changed_day, begin_beside
):
    replaced = "alter table `marts`.`network_metrics_daily`"
    stopped = run_mart(dbt_settings, before_statement(replaced, begin_beside))
    assert stopped.is_failed
    assert run_mart(dbt_settings).days_built == 1
