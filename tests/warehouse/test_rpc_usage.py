"""What is counted of requests is what the other side saw, however the run ends."""

import asyncio
import gzip
import os
import signal
from datetime import UTC, date, datetime

import aiohttp
import pytest
from aiohttp import web
from pydantic import SecretStr

from extractors.evm.endpoint import batch_body, make_endpoints, post
from extractors.evm.extract import extract_range
from extractors.evm.tokens import extract_tokens
from extractors.evm.verify.run import Scope, verify
from extractors.prices.extract import extract_prices
from extractors.prices.model import Asset
from oracul.demo.recording import Recording
from oracul.demo.replay import serve_recording
from oracul.errors import SourceError
from oracul.settings import Settings
from oracul.traffic import Traffic
from oracul.warehouse import connect, metered, used_on
from oracul.warehouse.usage import Meter, Used
from tests.fixtures.chain_landing import with_urls
from tests.fixtures.fault_lab import fault_proxy
from tests.fixtures.price_servers import PriceWorld, serve_prices
from tests.fixtures.toy_chain import toy_chain

BLOCKS = 60
RECORDING = Recording(31337, toy_chain(BLOCKS))
# Faults after which a request has brought no answer.
NO_ANSWER = [
    "429 without", "503 with Retry-After", "500", "502 page", "no answer", "reset before the body",
    "reset mid-body", "truncated JSON", "empty body", "200 with a page", "limit inside a 200",
    "refusal of a batch", "single reply to a batch",
]  # fmt: skip
SPOILED = ["wrong ids", "doubled id", "lost element", "null block", "dropped log", "slow body"]
DAY = date(2026, 3, 1)
EVENING = datetime(2026, 3, 1, 23, 59, tzinfo=UTC)
MORNING = datetime(2026, 3, 2, 0, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def node():
    with serve_recording(RECORDING, own_process=False) as server:
        yield server


def counted(client, chain="devnet"):
    """What stands in the table for a chain, on all days."""
    rows = client.query(
        "select provider, flow, sum(requests), sum(calls), sum(bytes), sum(failures)"
        " from meta.rpc_usage final where chain = {chain:String} group by all order by all",
        parameters={"chain": chain},
    ).result_rows
    return {(provider, flow): Traffic(*counts) for provider, flow, *counts in rows}


def host(url):
    return url.partition("://")[2]


def land(settings, client, urls, end=BLOCKS, **fields):
    wanted = with_urls(settings, "devnet", urls, **fields)
    return extract_range(wanted, client, "devnet", 0, end, run_id="test")


def test_counts_are_those_of_the_server(warehouse_settings, empty_chain_tables, node):
    with fault_proxy(node.url) as proxy:
        land(warehouse_settings, empty_chain_tables, [proxy.url])
    seen = Traffic(proxy.requests, proxy.calls, proxy.sent_bytes, 0)
    assert counted(empty_chain_tables) == {(host(proxy.url), "ingest_chain"): seen}


@pytest.mark.parametrize("seed", range(3))
def test_counts_are_those_of_the_server_under_faults(
    warehouse_settings, empty_chain_tables, node, seed
):
    rates = dict.fromkeys([*NO_ANSWER, *SPOILED], 0.3 / len([*NO_ANSWER, *SPOILED]))
    patient = {"deadline_seconds": 60.0, "request_timeout_seconds": 1.0, "max_batch_blocks": 2}
    with (
        fault_proxy(node.url, rates, seed=seed) as one,
        fault_proxy(node.url, rates, seed=seed + 100) as other,
    ):
        report = land(warehouse_settings, empty_chain_tables, [one.url, other.url], **patient)
    assert report.blocks == BLOCKS
    found = counted(empty_chain_tables)
    for proxy in (one, other):
        traffic = found[host(proxy.url), "ingest_chain"]
        assert (traffic.requests, traffic.calls) == (proxy.requests, proxy.calls)
        assert traffic.failures == sum(proxy.given[name] for name in NO_ANSWER)
        assert traffic.failures > 0
        assert 0 < traffic.received_bytes <= proxy.sent_bytes
    assert report.requests == one.requests + other.requests


def test_provider_that_is_not_there_was_sent_nothing_and_failed(
    warehouse_settings, empty_chain_tables
):
    with pytest.raises(SourceError):
        land(warehouse_settings, empty_chain_tables, ["http://127.0.0.1:9"], deadline_seconds=0.5)
    ((provider, traffic),) = counted(empty_chain_tables).items()
    assert provider == ("127.0.0.1:9", "ingest_chain")
    assert (traffic.requests, traffic.calls, traffic.received_bytes) == (0, 0, 0)
    assert traffic.failures > 0


def test_secret_of_an_address_is_not_in_the_table(warehouse_settings, empty_chain_tables, node):
    with_key = node.url.replace("://", "://someuser:pa55w0rdpa55@") + "/v3/secretkey123?k=topsecret"
    urls = [with_key, "http://rpc.invalid/v3/secretkey123"]
    land(warehouse_settings, empty_chain_tables, urls, deadline_seconds=0.5)
    rows = str(empty_chain_tables.query("select * from meta.rpc_usage").result_rows)
    assert "rpc.invalid" in rows
    assert host(node.url) in rows
    assert not any(word in rows for word in ("secret", "someuser", "pa55", "v3"))


def test_each_flow_is_counted_by_itself(warehouse_settings, empty_chain_tables, node):
    client = empty_chain_tables
    client.command("truncate table raw.token_metadata")
    seen = {}
    with fault_proxy(node.url) as proxy:
        settings = with_urls(warehouse_settings, "devnet", [proxy.url])
        for flow, work in {
            "backfill": lambda: extract_range(
                settings, client, "devnet", 0, BLOCKS, run_id="test", flow="backfill"
            ),
            "ingest_tokens": lambda: extract_tokens(settings, client, "devnet", run_id="test"),
            "verify": lambda: verify(settings, client, Scope("devnet"), run_id="test"),
        }.items():
            before = Traffic(proxy.requests, proxy.calls, proxy.sent_bytes)
            work()
            after = Traffic(proxy.requests, proxy.calls, proxy.sent_bytes)
            seen[host(proxy.url), flow] = after.since(before)
            assert seen[host(proxy.url), flow].requests
    assert counted(client) == seen


def test_price_sources_are_counted_without_a_chain(migrated_client):
    client = migrated_client
    for table in ("raw.prices_spot", "meta.rejected_rows", "meta.rpc_usage"):
        client.command(f"truncate table {table}")
    asset = Asset("test-ether", "ETH", {"defillama": "x:ether", "kraken": "XETHZUSD"})
    now = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    world = PriceWorld({"x:ether": 2000.0}, now=int(now.timestamp()), down={"coinbase"})
    ids = {"coinbase": "ETH-USD"}
    with serve_prices(world) as prices:
        extract_prices(
            Settings(prices=prices, _env_file=None), client, run_id="test", now=now,
            start=datetime(2023, 11, 14, 18, tzinfo=UTC),
            assets=[asset, Asset("test-other", "ETH", ids)],
        )  # fmt: skip
    found = counted(client, chain="")
    requests = {name: traffic.requests for (name, _), traffic in found.items()}
    # The deadline may fall on a request that was sent and had not arrived.
    assert requests["coinbase"] - world.calls["coinbase"] in (0, 1)
    assert requests | {"coinbase": 0} == world.calls | {"coinbase": 0}
    assert {flow for _, flow in found} == {"ingest_prices"}
    down, up = found["coinbase", "ingest_prices"], found["defillama", "ingest_prices"]
    assert down.failures == down.requests > 1  # retried until the deadline
    assert (up.failures, up.calls) == (0, up.requests)
    assert up.received_bytes > 0


async def test_bytes_are_counted_as_they_came_over_the_wire():
    body = b'[{"jsonrpc":"2.0","id":0,"result":"' + b"0" * 50_000 + b'"}]'
    packed = gzip.compress(body)
    replies = iter([(packed, 200), (b"", 200), (packed[:50], 500)])

    async def answer(_request):
        sent, status = next(replies)
        headers = {"content-encoding": "gzip"} if sent == packed else {}
        return web.Response(body=sent, status=status, headers=headers)

    app = web.Application()
    app.router.add_post("/", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = SecretStr(f"http://127.0.0.1:{runner.addresses[0][1]}")
    (endpoint,) = make_endpoints([url], max_concurrency=1, max_batch_blocks=1)
    asked = batch_body([("eth_chainId", []), ("eth_call", [{"data": '"jsonrpc":'}])])
    try:
        async with aiohttp.ClientSession() as session:
            assert await post(session, endpoint, asked, 5) == body
            for _ in range(2):
                with pytest.raises(SourceError):
                    await post(session, endpoint, asked, 5)
    finally:
        await runner.cleanup()
    assert endpoint.traffic == Traffic(3, 6, len(packed) + 50, 2)


def test_counts_are_whole_after_an_interrupt(warehouse_settings, empty_chain_tables, node):
    interrupted = []

    def interrupt(method, params, result):
        if method == "eth_getBlockReceipts" and not interrupted:
            interrupted.append(os.kill(os.getpid(), signal.SIGINT))

    with (
        serve_recording(RECORDING, own_process=False, fault=interrupt) as busy,
        fault_proxy(busy.url) as proxy,
        pytest.raises(KeyboardInterrupt),
    ):
        land(warehouse_settings, empty_chain_tables, [proxy.url], max_batch_blocks=1)
    seen = Traffic(proxy.requests, proxy.calls, proxy.sent_bytes, 0)
    assert counted(empty_chain_tables) == {(host(proxy.url), "ingest_chain"): seen}
    assert seen.requests < BLOCKS


def test_what_is_written_twice_or_by_several_counts_once_each(empty_chain_tables):
    client, counts = empty_chain_tables, Traffic(2, 20, 200, 1)
    one = Meter(client, "ingest_chain", {"a": Traffic()}, "devnet", lambda: EVENING)
    one.sources["a"].requests = 7
    for _ in range(2):
        one.write()
        one._written.clear()
    killed = Meter(client, "backfill", {"a": Traffic()}, "devnet", lambda: EVENING)
    killed.sources["a"].requests = 3
    killed.write()
    killed.sources["a"].requests = 5  # never written: it is killed
    last = Meter(client, "verify", {"b": Traffic()}, "devnet", lambda: EVENING)
    last.sources["b"].__dict__.update(vars(counts))
    last.write()
    assert used_on(client, DAY) == [
        Used("devnet", "a", Traffic(10)), Used("devnet", "b", counts),
    ]  # fmt: skip
    last.read_others()
    assert (last.others, last.requests_on(DAY)) == (10, 12)


def test_new_day_counts_anew(empty_chain_tables):
    now = [EVENING]
    meter = Meter(empty_chain_tables, "backfill", {"a": Traffic()}, "devnet", lambda: now[0])
    traffic = meter.sources["a"]
    traffic.requests = 5
    now[0] = MORNING
    assert meter.requests_on(MORNING.date()) == 0  # not written yet, but it is another day
    meter.write()
    traffic.requests += 2
    meter.write()
    assert meter.requests_on(MORNING.date()) == 2
    assert used_on(empty_chain_tables, DAY) == [Used("devnet", "a", Traffic(5))]
    assert used_on(empty_chain_tables, MORNING.date()) == [Used("devnet", "a", Traffic(2))]


def test_work_goes_on_where_counts_cannot_be_written(warehouse_settings, empty_chain_tables):
    client = connect(warehouse_settings)
    traffic = Traffic()

    async def work():
        async with metered(client, "backfill", {"a": traffic}, chain="devnet"):
            client.command("rename table meta.rpc_usage to meta.rpc_usage_away")
            traffic.requests += 1

    try:
        asyncio.run(work())
    finally:
        client.command("rename table meta.rpc_usage_away to meta.rpc_usage")
        client.close()
    assert counted(empty_chain_tables) == {}
