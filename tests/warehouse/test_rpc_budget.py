"""A day's quota: backfills slow down and stop first, live ingest has the whole of it."""

import asyncio
import os
import signal
import time
from datetime import UTC, datetime, timedelta

import pytest

from extractors.evm.extract import extract_range, land_missing
from extractors.evm.finality import read_tags
from extractors.evm.follow import follow
from extractors.evm.pool import open_pool
from extractors.evm.report import Extracted
from extractors.evm.tokens import extract_tokens
from extractors.evm.verify.run import Scope, verify
from flows.bodies import ingest_chain
from flows.steps import Run
from oracul.chains import get_chain
from oracul.cli.usage import usage_facts
from oracul.demo.recording import Recording
from oracul.demo.replay import serve_recording
from oracul.errors import BudgetSpent
from oracul.times import utc_now
from oracul.warehouse import StepRun
from tests.fixtures.chain_landing import with_urls
from tests.fixtures.kinds_chain import kinds_chain
from tests.fixtures.landing import land_blocks
from tests.fixtures.toy_chain import toy_chain

BLOCKS = 300
CHAIN = toy_chain(BLOCKS)
LAST_SECONDS = datetime(2026, 3, 1, 23, 59, 58, tzinfo=UTC)


@pytest.fixture
def node():
    with serve_recording(Recording(31337, CHAIN), own_process=False) as server:
        yield server


def use(client, requests, *, chain="devnet", day=None):
    """Others asked this much of the chain."""
    client.insert(
        "rpc_usage",
        [[day or utc_now().date(), chain, "other", "ingest_chain", f"c{requests}", requests, 0, 0,
          0, utc_now()]],
        database="meta",
    )  # fmt: skip


def pointers(client):
    return client.query("select count() from meta.canonical_blocks final").result_rows[0][0]


def test_backfill_stops_at_its_share_and_live_ingest_goes_on(
    warehouse_settings, empty_chain_tables, node
):
    client = empty_chain_tables
    # Of nine requests two begin the run; below eight, nothing is paced.
    settings = with_urls(warehouse_settings, "devnet", [node.url], daily_requests=18)

    def backfill():
        extract_range(settings, client, "devnet", 0, BLOCKS, run_id="test", flow="backfill")

    with pytest.raises(BudgetSpent, match="backfills may use 50%") as caught:
        backfill()
    assert node.counts()["http"] == 8
    assert pointers(client) == 15
    assert "15 blocks of devnet landed" in caught.value.message
    with pytest.raises(BudgetSpent, match="0 blocks of devnet landed"):
        backfill()
    assert node.counts()["http"] == 8  # not even a greeting
    report = follow(settings, client, "devnet", run_id="test", limit=5)
    assert (report.blocks, report.spent) == (5, None)


def test_live_ingest_stops_with_the_quota_degraded_not_failed(
    warehouse_settings, empty_chain_tables, node
):
    empty_chain_tables.command("truncate table raw.token_metadata")
    settings = with_urls(warehouse_settings, "devnet", [node.url], daily_requests=40)
    run = Run(settings, chain="devnet")
    outcome = ingest_chain(run, empty_chain_tables, StepRun())
    used = node.counts()["http"]
    assert 40 <= used <= 42  # what is in hand is finished
    assert outcome.status == "degraded"
    assert "of today is spent" in outcome.summary
    assert 0 < pointers(empty_chain_tables) < BLOCKS
    again = ingest_chain(run, empty_chain_tables, StepRun())
    assert (again.status, node.counts()["http"]) == ("degraded", used)
    tokens = extract_tokens(settings, empty_chain_tables, "devnet", run_id="test")
    assert (tokens.landed, node.counts()["http"]) == (0, used)
    assert "left for a later run" in tokens.sentence
    assert "run the same command again then" in tokens.sentence


def test_what_others_used_counts_and_what_they_used_yesterday_does_not(
    warehouse_settings, empty_chain_tables, node
):
    client = empty_chain_tables
    settings = with_urls(warehouse_settings, "devnet", [node.url], daily_requests=10_000)
    use(client, 9_999, day=utc_now().date() - timedelta(days=1))
    use(client, 9_998, chain="ethereum")
    extract_range(settings, client, "devnet", 0, 5, run_id="test", flow="backfill")
    use(client, 6_000)
    with pytest.raises(BudgetSpent):
        extract_range(settings, client, "devnet", 5, 10, run_id="test", flow="backfill")


def paced(settings, client, clock):
    """A backfill at this instant of a day that does not move on."""

    async def run():
        spec = get_chain("devnet")
        async with open_pool(settings, spec, client, "backfill", clock=clock) as pool:
            extracted = Extracted("devnet", 0, BLOCKS)
            await land_missing(pool, client, await read_tags(pool), extracted)
            return extracted

    began = time.monotonic()
    return asyncio.run(run()), time.monotonic() - began


def test_next_day_the_same_backfill_goes_on(warehouse_settings, empty_chain_tables, node):
    client = empty_chain_tables
    settings = with_urls(warehouse_settings, "devnet", [node.url], daily_requests=40)
    days = 0
    while pointers(client) < BLOCKS:
        evening = LAST_SECONDS + timedelta(days=days)
        extracted, _ = paced(settings, client, lambda now=evening: now)
        days += 1
        assert bool(extracted.spent) == (pointers(client) < BLOCKS)
    assert 1 < days < 10
    rows = client.query(
        "select sum(requests) from meta.rpc_usage final group by day order by day"
    ).result_columns[0]
    assert len(rows) == days
    assert max(rows) <= 20


def test_backfill_spreads_the_last_fifth_of_its_share_over_the_rest_of_the_day(
    warehouse_settings, empty_chain_tables, node
):
    settings = with_urls(warehouse_settings, "devnet", [node.url], daily_requests=100)
    extracted, seconds = paced(settings, empty_chain_tables, lambda: LAST_SECONDS)
    assert extracted.spent is not None
    assert node.counts()["http"] == 50
    assert seconds > 1.5  # two were left of the day; the last pause is nobody's


def test_interrupt_ends_a_pause(warehouse_settings, empty_chain_tables, node):
    client = empty_chain_tables
    use(client, 4_500)
    settings = with_urls(warehouse_settings, "devnet", [node.url], daily_requests=10_000)

    def stop_soon(_number, _frame):
        os.kill(os.getpid(), signal.SIGINT)

    before = signal.signal(signal.SIGALRM, stop_soon)
    signal.setitimer(signal.ITIMER_REAL, 2)
    began = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            extract_range(settings, client, "devnet", 0, BLOCKS, run_id="test", flow="backfill")
    finally:
        signal.signal(signal.SIGALRM, before)
    assert time.monotonic() - began < 10
    assert pointers(client) == 5  # the batch before the pause


def checks_of(client, run_id):
    return client.query(
        "select count() from meta.data_quality_checks where run_id = {run:String}",
        parameters={"run": run_id},
    ).result_rows[0][0]


def test_verification_stops_at_the_share_and_other_chains_are_verified(
    warehouse_settings, empty_chain_tables, node
):
    client = empty_chain_tables
    settings = with_urls(warehouse_settings, "devnet", [node.url], daily_requests=1_000)
    extract_range(settings, client, "devnet", 0, 20, run_id="test")
    land_blocks(client, "ethereum", kinds_chain(6))
    use(client, 500)
    asked = node.counts()["http"]
    devnet, ethereum = verify(settings, client, Scope(), run_id="v-all")
    assert node.counts()["http"] == asked
    assert (devnet.blocks, ethereum.blocks) == (0, 6)
    assert "verification may use 50%" in devnet.sentence
    assert checks_of(client, "v-all") > 0
    with pytest.raises(BudgetSpent):
        verify(settings, client, Scope("devnet"), run_id="v-one")
    assert checks_of(client, "v-one") > 0
    assert follow(settings, client, "devnet", run_id="test", limit=5).spent is None


def test_verification_looks_at_the_budget_at_each_page(
    warehouse_settings, empty_chain_tables, node, monkeypatch
):
    client = empty_chain_tables
    settings = with_urls(warehouse_settings, "devnet", [node.url], daily_requests=60)
    extract_range(settings, client, "devnet", 0, BLOCKS, run_id="test")
    client.command("truncate table meta.rpc_usage")
    monkeypatch.setattr("extractors.evm.verify.stored.PAGE_BLOCKS", 5)
    (report,) = verify(settings, client, Scope("devnet"), run_id="v-page")
    assert 0 < report.blocks < BLOCKS
    assert report.holds
    assert "not all was looked at" in report.sentence


def test_status_tells_use_by_provider_and_the_share_of_the_quota(
    warehouse_settings, empty_chain_tables, node
):
    client, now = empty_chain_tables, utc_now()
    settings = with_urls(warehouse_settings, "devnet", [node.url], daily_requests=1_000)
    assert usage_facts(settings, client, now) == []
    use(client, 400)
    extract_range(settings, client, "devnet", 0, 50, run_id="test")
    (chain,) = usage_facts(settings, client, now)
    own, other = chain["providers"]
    assert (own["requests"], other["requests"]) == (node.counts()["http"], 400)
    assert (own["provider"], other["provider"]) == (node.url.partition("://")[2], "other")
    assert own["failures"] == 0
    assert own["bytes"] > 0
    assert chain["quota_ratio"] == chain["requests"] / 1_000
    assert chain["backfill_limit"] == 500
