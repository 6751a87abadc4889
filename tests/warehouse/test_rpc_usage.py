"""What is counted of requests is what the other side saw, however the run ends."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from aiohttp import web

from extractors.evm.extract import extract_range
from extractors.evm.follow import follow
from extractors.prices.extract import extract_prices
from oracul.demo.recording import Recording
from oracul.demo.replay import serve_recording
from oracul.errors import SourceError
from oracul.settings import Settings
from oracul.traffic import Traffic
from oracul.warehouse import used_on
from tests.fixtures.chain_landing import with_urls
from tests.fixtures.fault_lab import fault_proxy
from tests.fixtures.price_servers import PriceWorld, serve_prices
from tests.fixtures.rpc_faults import ANSWER_FAULTS, HTTP_FAULTS
from tests.fixtures.toy_chain import toy_chain

BLOCKS = 60
RECORDING = Recording(31337, toy_chain(BLOCKS))
PATIENT = {"deadline_seconds": 60.0, "request_timeout_seconds": 1.5}


@pytest.fixture(scope="module")
def node():
    with serve_recording(RECORDING, own_process=False) as server:
        yield server


def counted(client, chain="devnet"):
    """What stands in the table for a chain, whatever day it is by now."""
    rows = client.query(
        "select provider, flow, sum(requests), sum(calls), sum(bytes), sum(failures)"
        " from meta.rpc_usage final where chain = {chain:String} group by all order by all",
        parameters={"chain": chain},
    ).result_rows
    return {(provider, flow): Traffic(*counts) for provider, flow, *counts in rows}


def host(url):
    return url.partition("://")[2]


def test_counts_are_those_of_the_server(warehouse_settings, empty_chain_tables, node):
    with fault_proxy(node.url) as proxy:
        settings = with_urls(warehouse_settings, "devnet", [proxy.url])
        extract_range(settings, empty_chain_tables, "devnet", 0, BLOCKS, run_id="test")
        seen = Traffic(proxy.requests, proxy.calls, proxy.sent_bytes, 0)
    assert counted(empty_chain_tables) == {(host(proxy.url), "ingest_chain"): seen}
