"""Promise: RPC storm. A lone node whose answers go wrong one time in five, in every way at once."""

import pytest

from extractors.evm.endpoint import Endpoint
from extractors.evm.extract import extract_range
from oracul.demo.recording import Recording
from oracul.demo.replay import serve_recording
from tests.fixtures.chain_landing import empty, with_urls
from tests.fixtures.content import contents, differences
from tests.fixtures.fault_lab import fault_proxy
from tests.fixtures.rpc_faults import ANSWER_FAULTS, HTTP_FAULTS
from tests.fixtures.toy_chain import toy_chain

SHARE = 0.2
MOST_REQUESTS = 1.5
ALL = [*HTTP_FAULTS, *ANSWER_FAULTS]
PATIENT = {"deadline_seconds": 60.0, "request_timeout_seconds": 1.5}


@pytest.mark.slow
def test_storm_completes_equal_with_few_more_requests(
    promise, warehouse_settings, empty_chain_tables
):
    trial = promise("RPC storm (20 % mixed faults)", small=600, full=2000, unit="blocks")
    client = empty_chain_tables

    def extract(url):
        settings = with_urls(warehouse_settings, "devnet", [url], **PATIENT)
        return extract_range(settings, client, "devnet", 0, trial.count, run_id="storm")

    with serve_recording(Recording(31337, toy_chain(trial.count)), own_process=False) as node:
        with fault_proxy(node.url) as calm:
            extract(calm.url)
        clean = contents(client, ("raw", "meta"))
        empty(client)
        with fault_proxy(node.url, dict.fromkeys(ALL, SHARE / len(ALL)), seed=20) as storm:
            report = extract(storm.url)
    ratio = storm.requests / calm.requests
    waits = len(storm.retry_afters)
    told = differences(clean, contents(client, ("raw", "meta")))
    trial.saw(
        f"{report.blocks:,} landed, {told or 'equal'}; {sum(storm.given.values())} "
        f"faults in {storm.requests} requests, {ratio:.2f} times a clean run's; "
        f"{waits - len(storm.early_requests())} of {waits} Retry-After honoured"
    )
    assert not report.gaps
    assert told == []
    assert ratio <= MOST_REQUESTS
    assert waits
    assert storm.early_requests() == []


def test_without_turns_requests_come_before_their_time(
    monkeypatch, warehouse_settings, empty_chain_tables
):
    """The control: the proxy tells when a `Retry-After` is not honoured."""

    async def at_once(endpoint, patience_seconds):
        endpoint.not_before = 0.0

    monkeypatch.setattr(Endpoint, "turn", at_once)
    with (
        # Slow enough that asking takes longer than a request may have been on its way.
        serve_recording(
            Recording(31337, toy_chain(200)), own_process=False, latency_seconds=0.1
        ) as node,
        fault_proxy(node.url, {"429 with Retry-After": 0.4}, seed=1) as proxy,
    ):
        settings = with_urls(
            warehouse_settings, "devnet", [proxy.url], max_concurrency=2, **PATIENT
        )
        extract_range(settings, empty_chain_tables, "devnet", 0, 200, run_id="storm")
    assert proxy.early_requests()
