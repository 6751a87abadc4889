"""Tables by day: exactly the days whose inputs changed are rebuilt, and the result is the same as
building all. Two chains made by hand; one warehouse, built step by step by the fixtures."""

from datetime import UTC, date, datetime, timedelta

import pytest

from oracul.errors import WarehouseError
from oracul.warehouse.dbt import raise_first_failure, run_dbt
from tests.fixtures.content import content_hashes
from tests.fixtures.landing import land_blocks
from tests.fixtures.toy_chain import address, transfer_log
from tests.fixtures.transfer_days import USDC, block_at

USDT = "0xdac17f958d2ee523a2206206994597c13d831ec7"
LONG_TAIL = address("long tail")
HUGE = 2**256 - 1
START = date(2024, 3, 1)
QUIET, NEWER, MOVED, FINAL, PRICED, LABELLED, TARGET, EXACT = (
    START + timedelta(days=2 * n) for n in range(8)
)


def transfer(token, amount, *, sender="alice", to="bob"):
    return transfer_log(token, address(sender), address(to), amount)


def put_prices(client, rows):
    """Rows (asset, instant, price by source)."""
    now = datetime.now(UTC)
    client.insert(
        "prices_spot",
        [
            [asset, asset, "usd", price, at, source, now]
            for asset, at, prices in rows
            for source, price in prices.items()
        ],
        database="raw",
        column_names=["asset", "symbol", "quote", "price", "observed_at", "source", "ingested_at"],
    )


def noon(day):
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def days_built(client, table, since):
    """Days of a table that were written into the book after an instant, gone ones with them."""
    found = client.query(
        "select block_date from meta.built_days final"
        " where model = {table:String} and built_at > {since:DateTime64(3, 'UTC')}",
        parameters={"table": table, "since": since},
    ).result_rows
    return {day for (day,) in found}


def models(settings, *words):
    """Build seeds and models without the data tests."""
    words = ("build", "--exclude-resource-type", "test", "unit_test", *words)
    nodes = run_dbt(settings, words)
    raise_first_failure(nodes)
    return nodes


@pytest.fixture(scope="module")
def first_build(dbt_settings, dbt_client):
    days = (QUIET, NEWER, MOVED, FINAL, PRICED, LABELLED, EXACT)
    for chain in ("ethereum", "optimism"):
        blocks = [
            block_at(day, 100 * n + 1, [transfer(USDC, 5_000_000 + n)])
            for n, day in enumerate(days, start=1)
            if chain == "ethereum" or day != MOVED
        ]
        land_blocks(dbt_client, chain, blocks, lambda _: "latest")
    land_blocks(
        dbt_client,
        "ethereum",
        [
            block_at(LABELLED, 650, [transfer(LONG_TAIL, 77), transfer(USDT, 88)]),
            block_at(EXACT, 750, [transfer(USDC, HUGE), transfer(USDC, HUGE - 1)]),
        ],
        lambda _: "latest",
    )
    put_prices(
        dbt_client,
        [("usd-coin", noon(day), {"a": 1.0, "b": 1.001}) for day in days],
    )
    return models(dbt_settings)


@pytest.fixture(scope="module")
def second_build(dbt_settings, first_build):
    return models(dbt_settings)


@pytest.fixture(scope="module")
def changed(dbt_settings, dbt_client, second_build):
    """One of each kind of change, then one build. Returns the instant before it."""
    land_blocks(
        dbt_client,
        "ethereum",
        [block_at(NEWER, 202, [transfer(USDC, 9)], hour=13)],
        lambda _: "latest",
    )
    # The only block of a day is replaced by one of another day.
    land_blocks(
        dbt_client,
        "ethereum",
        [block_at(TARGET, 301, [transfer(USDC, 11)], salt="fork")],
        lambda _: "latest",
    )
    dbt_client.command(
        "insert into meta.canonical_blocks select * replace"
        " ('finalized' as finality, version + 1 as version)"
        " from meta.canonical_blocks final where toDate(block_timestamp) = {day:Date}",
        parameters={"day": FINAL},
    )
    put_prices(dbt_client, [("usd-coin", noon(PRICED), {"c": 1.002})])
    dbt_client.insert(
        "token_metadata",
        [["ethereum", LONG_TAIL, 700, "Tail", "TAIL", 2, None, "", "", "string", "x",
          datetime.now(UTC)]],
        database="raw",
        column_names=["chain", "token_address", "block_number", "name", "symbol", "decimals",
                      "total_supply_raw", "name_hex", "symbol_hex", "decode_status", "source",
                      "ingested_at"],
    )  # fmt: skip
    before = datetime.now(UTC)
    models(dbt_settings)
    return before


def test_first_build_builds_every_day(first_build):
    assert {n.days_built for n in first_build if n.name == "erc20_transfers"} == {7}


def test_unchanged_build_rebuilds_nothing(second_build):
    assert sum(node.days_built for node in second_build) == 0


def test_changed_days_are_rebuilt_and_no_other(dbt_client, changed):
    found = days_built(dbt_client, "curated.erc20_transfers", changed)
    assert found == {NEWER, MOVED, TARGET, FINAL, PRICED, LABELLED}


def test_marts_follow_the_same_days(dbt_client, changed):
    found = days_built(dbt_client, "marts.address_flows_daily", changed)
    assert found == {NEWER, MOVED, TARGET, FINAL, PRICED, LABELLED}


def test_each_month_or_week_of_a_mart_is_one_part_after_a_build(dbt_client, changed):
    scattered = dbt_client.query(
        "select table, partition, count() from system.parts"
        " where active and database = 'marts' group by table, partition having count() != 1"
    ).result_rows
    assert scattered == []
    built = dbt_client.query(
        "select uniqExact(table) from system.parts where active and database = 'marts'"
    ).result_rows
    assert built[0][0] >= 10


def test_new_block_shows(dbt_client, changed):
    count = dbt_client.query(
        "select transfer_count from marts.token_metrics_daily"
        " where chain = 'ethereum' and block_date = {day:Date}",
        parameters={"day": NEWER},
    ).result_rows
    assert count == [(2,)]


def test_day_left_by_a_reorg_is_dropped(dbt_client, changed):
    for table in ("curated.erc20_transfers", "marts.token_metrics_daily", "curated.blocks"):
        count = dbt_client.query(
            f"select count() from {table} where block_date = {{day:Date}}",
            parameters={"day": MOVED},
        ).result_rows
        assert count == [(0,)], table


def test_reorged_block_shows_on_its_new_day(dbt_client, changed):
    raw = dbt_client.query(
        "select volume_raw_exact from marts.token_metrics_daily where block_date = {day:Date}",
        parameters={"day": TARGET},
    ).result_rows
    assert raw == [("11",)]


def test_finality_follows_the_pointers(dbt_client, changed):
    found = dbt_client.query(
        "select block_date, finality from marts.network_metrics_daily"
        " where chain = 'ethereum' and block_date in ({a:Date}, {b:Date}) order by block_date",
        parameters={"a": QUIET, "b": FINAL},
    ).result_rows
    assert found == [(QUIET, "latest"), (FINAL, "finalized")]


def test_later_price_changes_the_value_of_the_day(dbt_client, changed):
    found = dbt_client.query(
        "select source_count, price_usd from curated.token_prices_hourly"
        " where asset = 'usd-coin' and price_hour = {at:DateTime('UTC')}",
        parameters={"at": noon(PRICED)},
    ).result_rows
    assert found == [(3, 1.001)]


def test_later_metadata_labels_old_transfers(dbt_client, changed):
    found = dbt_client.query(
        "select symbol, amount from curated.erc20_transfers where token_address = {token:String}",
        parameters={"token": LONG_TAIL},
    ).result_rows
    assert found == [("TAIL", 0.77)]


def test_sums_beyond_256_bits_are_exact(dbt_client, changed):
    found = dbt_client.query(
        "select volume_raw_exact from marts.token_metrics_daily"
        " where chain = 'ethereum' and block_date = {day:Date}",
        parameters={"day": EXACT},
    ).result_rows
    assert found == [(str(HUGE + HUGE - 1 + 5_000_007),)]


def test_flows_beyond_256_bits_are_exact(dbt_client, changed):
    found = dbt_client.query(
        "select inflow_raw_exact, outflow_raw_exact, net_flow_raw_exact"
        " from marts.address_token_flows_daily"
        " where chain = 'ethereum' and block_date = {day:Date} order by address = {alice:String}",
        parameters={"day": EXACT, "alice": address("alice")},
    ).result_rows
    total = str(HUGE + HUGE - 1 + 5_000_007)
    assert found == [(total, "0", total), ("0", total, "-" + total)]


def test_implausible_amount_has_no_value_in_usd(dbt_client, changed):
    found = dbt_client.query(
        "select distinct amount_usd, usd_exclusion_reason from curated.erc20_transfers"
        " where amount_raw > {limit:UInt256}",
        parameters={"limit": 2**200},
    ).result_rows
    assert found == [(None, "implausible")]


def test_full_refresh_equals_the_incremental_tables(dbt_settings, dbt_client, changed):
    incremental = content_hashes(dbt_client, ("curated", "marts"))
    models(dbt_settings, "--full-refresh")
    assert content_hashes(dbt_client, ("curated", "marts")) == incremental


def test_changed_model_rebuilds_itself_whole(dbt_settings, dbt_client, changed):
    words = ["run", "--select", "erc20_transfers", "--vars", "{price_min_sources: 1}"]
    changed_once = run_dbt(dbt_settings, words)
    changed_back = run_dbt(dbt_settings, words[:3])
    again = run_dbt(dbt_settings, words[:3])
    assert [nodes[0].days_built for nodes in (changed_once, changed_back, again)] == [7, 7, 0]


def test_failed_build_books_no_day_and_keeps_the_table(dbt_settings, dbt_client, changed):
    before = content_hashes(dbt_client, ("marts", "curated"))
    broken = ["run", "--select", "token_prices_hourly", "--vars"]
    broken.append("{price_band_ratio: \"throwIf(price > 0, 'out of luck')\"}")
    nodes = run_dbt(dbt_settings, broken)
    booked = dbt_client.query(
        "select count() from meta.built_days final"
        " where model = 'curated.token_prices_hourly' and input_version != 0"
        " and block_date < '2149-06-06'"
    ).result_rows
    assert nodes[0].is_failed
    assert "out of luck" in nodes[0].message
    assert booked == [(0,)]
    after = content_hashes(dbt_client, ("marts", "curated"))
    assert {name: after[name] for name in before} == before


def test_build_after_a_failed_one_mends_it(dbt_settings, dbt_client, changed):
    models(dbt_settings, "--select", "token_prices_hourly+")
    left_over = dbt_client.query("select name from system.tables where name like '%\\_\\_dbt%'")
    after = models(dbt_settings, "--select", "token_prices_hourly+")
    assert left_over.result_rows == []
    assert sum(node.days_built for node in after) == 0


def test_impossible_command_says_that_dbt_could_not_run(dbt_settings, changed):
    with pytest.raises(WarehouseError, match="could not run"):
        run_dbt(dbt_settings, ["run", "--select", "stg_prices__spot", "--no-such-flag"])


def test_unit_tests_of_the_models_pass(dbt_settings, changed):
    nodes = run_dbt(dbt_settings, ["test", "--select", "test_type:unit"])
    assert [n.name for n in nodes if n.is_failed] == []
    assert len(nodes) >= 14


def test_data_tests_pass_over_all_days(dbt_settings, changed):
    words = ["test", "--exclude-resource-type", "unit_test", "--exclude", "golden_*"]
    nodes = run_dbt(dbt_settings, [*words, "--vars", "{test_all_days: true}"])
    assert [n.name for n in nodes if n.is_failed] == []


def test_two_tokens_that_change_labels_rebuild_their_days(dbt_settings, dbt_client, changed):
    # Their hashes without the token would add up to the same. (Nothing after this sees the swap.)
    dbt_client.command(
        "alter table curated.ref_tokens update"
        " symbol = if(symbol = 'USDC', 'USDT', 'USDC'),"
        " asset = if(symbol = 'USDC', 'tether', 'usd-coin')"
        " where chain = 'ethereum' and token_address in ({a:String}, {b:String})",
        parameters={"a": USDC, "b": USDT},
        settings={"mutations_sync": 1},
    )
    before = datetime.now(UTC)
    nodes = run_dbt(dbt_settings, ["run", "--select", "tokens", "erc20_transfers"])
    raise_first_failure(nodes)
    assert LABELLED in days_built(dbt_client, "curated.erc20_transfers", before)
