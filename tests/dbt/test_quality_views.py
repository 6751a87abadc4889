"""Views over the ledger that dashboards read: what they say, to a reader who may not see `meta`."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import clickhouse_connect
import pytest

from extractors.evm import polygon, proof
from extractors.evm.lander import NOT_LINKED
from extractors.prices.model import Observation
from extractors.prices.screen import Rules, screen
from oracul.warehouse import RejectedRow, record_rejected
from oracul.warehouse.client import connection_environment
from oracul.warehouse.dbt import build
from tests.fixtures.kinds_chain import CHAIN, kinds_chain
from tests.fixtures.landing import land_blocks

NOON = datetime(2023, 11, 15, 12, tzinfo=UTC)
FIRST, SECOND, THIRD, LAST = (date(2023, 11, day) for day in (14, 15, 16, 17))
HOLED = "optimism"
SECRET = "payload-that-nobody-reads"
RULES = Rules(band_ratio=0.1, jump_ratio=10.0, stale_seconds=600)


@pytest.fixture(scope="module")
def built(dbt_settings, dbt_client):
    """Four days of two chains, one with a hole, and prices of an asset; every model."""
    blocks = kinds_chain(13)
    land_blocks(dbt_client, CHAIN, blocks, lambda n: "finalized" if n < 8 else "latest")
    land_blocks(dbt_client, HOLED, blocks[:6] + blocks[7:])
    prices = [
        ["bitcoin", "BTC", price, NOON + timedelta(hours=hour, minutes=minute), source]
        for hour, minute, source, price in (
            (0, 1, "a", 100.0), (0, 2, "b", 102.0), (0, 3, "c", 150.0), (1, 0, "a", 100.0),
        )
    ]  # fmt: skip
    dbt_client.insert(
        "raw.prices_spot",
        [[*row, "usd", NOON] for row in prices],
        column_names=["asset", "symbol", "price", "observed_at", "source", "quote", "ingested_at"],
    )
    build(dbt_settings)
    return dbt_client


@pytest.fixture(scope="module")
def read(built, dbt_settings):
    """Rows of a statement, asked by the user who sees `marts` and `curated` only."""
    known = connection_environment(dbt_settings, reader=True)
    client = clickhouse_connect.get_client(
        host=known["ORACUL_CLICKHOUSE__HOST"],
        port=int(known["ORACUL_CLICKHOUSE__PORT"]),
        username=known["ORACUL_CLICKHOUSE__USER"],
        password=known["ORACUL_CLICKHOUSE__PASSWORD"],
        autogenerate_session_id=False,
    )
    yield lambda sql: client.query(sql).result_rows
    client.close()


def refuse(client, table, reasons, *, source="s", key="k"):
    record_rejected(client, [RejectedRow(source, table, key, r, SECRET) for r in reasons])


def groups_of(client, table, reasons):
    """The kind of each reason."""
    client.command("truncate table meta.rejected_rows")
    refuse(client, table, reasons)
    rows = client.query("select reason, reason_group from staging.stg_meta__rejected_rows")
    return dict(rows.result_rows)


def test_every_disproof_of_the_extractor_is_of_a_kind(built):
    told = [
        re.sub(r"\{[^{}]*\}", "7", text)
        for module in (proof, polygon)
        for text in re.findall(
            r'ProofFailed\(\s*f?"((?:[^"\\]|\\.)+)"', Path(str(module.__file__)).read_text()
        )
    ]
    kinds = groups_of(built, "raw.blocks", [*told, NOT_LINKED])
    assert len(kinds) > 20
    malformed = {reason for reason, kind in kinds.items() if kind == "malformed answer"}
    assert {reason.split()[0] for reason in malformed} == {"7", "a", "is"}
    assert all(re.search("bytes long|lists|topics|half a byte|malformed", r) for r in malformed)
    assert kinds["the header does not have the block's hash"] == "headers not proven"
    assert kinds["a transaction does not have its hash"] == "transactions not proven"
    assert kinds["the logs do not have the header's logsBloom"] == "logs not proven"
    assert kinds["7 receipts came for 7 transactions"] == "receipts not proven"
    assert kinds[NOT_LINKED] == "not linked to its neighbours"


def test_every_refusal_of_a_price_is_of_its_own_kind(built):
    def said(hour, price, source="a", **doubts):
        return Observation("x", "X", source, price, NOON + timedelta(hours=hour), **doubts)

    candidates = [
        said(0, float("nan")), said(0, -1.0), said(9000, 1.0), said(0, 1.0, confidence=0.1),
        said(0, 1.0, asked_at=NOON + timedelta(hours=1)),
        said(30, 1.0), said(30, 1.0, "b"), said(30, 9.0, "c"), said(31, 1.0), said(31, 9.0, "b"),
        said(32, 1e6),
    ]  # fmt: skip
    refused = screen(candidates, [], RULES, NOON + timedelta(days=9)).refused
    kinds = groups_of(built, "raw.prices_spot", [one.reason for one in refused])
    assert set(kinds.values()) == {
        "not a finite number", "not positive", "of the future", "its source doubts it", "stale",
        "outside the band", "two sources disagree", "alone in a jump",
    }  # fmt: skip


def test_words_of_a_node_do_not_make_kinds_of_their_own(built):
    hostile = [
        "<img src=x>",
        "https://node.example/KEY",
        "= 1 + 1",
        "outside the band: 1",
        "x" * 900,
    ]
    words = [f"the node says: {word} (-32000)" for word in hostile]
    assert set(groups_of(built, "raw.blocks", words).values()) == {"error of the node"}
    assert set(groups_of(built, "raw.blocks", hostile).values()) == {"malformed answer"}
    assert set(groups_of(built, "raw.new_table", hostile).values()) == {"other"}


def test_refusals_are_counted_by_day_without_their_texts(built, read):
    built.command("truncate table meta.rejected_rows")
    again = ["the header does not have the block's hash"]
    refuse(built, "raw.blocks", again * 2, source="node", key="devnet/1")
    refuse(built, "raw.blocks", again, source="node", key="devnet/2")
    rows = read("select * except (rejected_date, last_rejected_at) from marts.rejected_rows_daily")
    assert rows == [("node", "raw.blocks", "headers not proven", 3, 2)]
    assert SECRET not in str(read("select * from marts.rejected_rows_daily"))


def test_reorgs_are_told_once_an_occasion(built, read):
    row = ["devnet", 7, 2, "0xold", "0xnew", 11, NOON, "followed"]
    halted = ["devnet", 5, 4, "0xfinal", "0xnew", 12, NOON, "halted"]
    for rows in ([row], [row], [halted]):
        built.insert("meta.reorgs", rows)
    assert read(
        "select fork_block_number, depth, outcome, is_below_finality, detected_date"
        " from marts.reorgs order by fork_block_number"
    ) == [(5, 4, "halted", True, SECOND), (7, 2, "followed", False, SECOND)]


def test_runs_show_their_end_and_their_day(built, read):
    def run(run_id, seconds, status, rows_out=0, version=2):
        end = None if seconds is None else NOON + timedelta(seconds=seconds)
        return [
            run_id,
            "ingest_chain",
            "devnet",
            "",
            NOON,
            end,
            status,
            1,
            rows_out,
            SECRET,
            version,
        ]

    runs = [run("a", None, "running", version=1), run("a", 2.5, "done", 10), run("b", 9, "failed"),
            run("c", None, "running")]  # fmt: skip
    built.insert("meta.pipeline_runs", runs)
    mine = "where started_at = '2023-11-15 12:00:00'"
    assert read(
        f"select run_id, status, duration_seconds, rows_out from marts.pipeline_runs {mine}"
        " order by run_id"
    ) == [("a", "done", 2.5, 10), ("b", "failed", 9.0, 0), ("c", "running", None, 0)]
    (day,) = read(f"select * from marts.pipeline_runs_daily where started_date = '{SECOND}'")
    counts, seconds = day[3:8], day[8:11]
    assert counts == (3, 1, 0, 1, 1)
    assert seconds == pytest.approx((5.75, 2.5 + 6.5 * 0.95, 9.0))
    assert SECRET not in str(read("select * from marts.pipeline_runs"))


def test_step_that_did_not_begin_for_weeks_is_expected_no_more(built, read):
    now = datetime.now(UTC)
    for step, days in (("recent", 3), ("given_up", 40)):
        at = now - timedelta(days=days)
        run = [f"{at:%Y%m%dT%H%M%S}-0000abcd", step, "", "", at, at, "done", 0, 0, "", 1]
        built.insert("meta.pipeline_runs", [run])
    steps = dict(
        read(
            "select name, intDiv(age_seconds, 86400) from marts.pipeline_freshness"
            " where kind = 'step'"
        )
    )
    assert steps["recent"] == 3
    assert "given_up" not in steps


def test_disagreement_of_prices_counts_lone_hours_outliers_and_refusals(built, read):
    built.command("truncate table meta.rejected_rows")
    stale, apart = "stale: 9 s old, 1 s allowed", "two sources disagree (1 and 2)"
    noon, later = "bitcoin/2023-11-15T12:03:00+00:00", "bitcoin/2023-11-15T13:03:00+00:00"
    unknown = "devnet:0xab/2023-11-16T00:00:00+00:00"
    for key, reason in (
        (noon, apart), (noon, apart), (later, stale), (unknown, apart), ("nonsense", apart),
    ):  # fmt: skip
        refuse(built, "raw.prices_spot", [reason], key=key)
    rows = read(
        "select * from marts.price_disagreement_daily where price_date <= '2023-11-16'"
        " and (asset = 'bitcoin' and price_date = '2023-11-15' or startsWith(asset, 'devnet:'))"
        " order by price_date"
    )
    assert rows == [
        (SECOND, "bitcoin", "BTC", 2, 1, 1, 2, 1, pytest.approx(2 / 101)),
        (THIRD, "devnet:0xab", None, 0, 0, 0, 1, 1, None),
    ]


HORIZON = """
    select newest_block_number, newest_finality, first_date, newest_date, newest_whole_date,
        newest_final_date, day_count, unwhole_day_count, proven_ratio
    from marts.data_horizon where chain = '{}'
"""


def test_horizon_says_up_to_when_there_is_what(read):
    assert read(HORIZON.format(CHAIN)) == [
        (12, "latest", FIRST, LAST, THIRD, SECOND, 4, 1, 1.0),
    ]
    assert read(
        "select network_date, tokens_date, addresses_date, judged_date,"
        " abs(age_seconds - toInt64(now('UTC') - newest_block_at)) <= 1"
        f" from marts.data_horizon where chain = '{CHAIN}'"
    ) == [(LAST, LAST, LAST, None, True)]


def test_day_with_a_hole_is_not_whole(read):
    assert read(HORIZON.format(HOLED)) == [
        (12, "finalized", FIRST, LAST, SECOND, LAST, 4, 2, 1.0),
    ]


def test_filled_blocks_say_nothing_of_lag(read):
    rows = read(f"select * from marts.ingest_lag_daily where chain = '{CHAIN}' order by block_date")
    assert rows[:2] == [
        (FIRST, CHAIN, 1, 0, None, None, None),
        (SECOND, CHAIN, 4, 0, None, None, None),
    ]
