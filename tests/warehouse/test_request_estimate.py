"""What is said before a range is landed, against what landing it took."""

from contextlib import ExitStack

import pytest

from extractors.evm.estimate import bytes_a_block, requests_for
from extractors.evm.extract import extract_range
from oracul.demo.recording import Recording
from oracul.demo.replay import serve_recording
from tests.fixtures.chain_landing import with_urls
from tests.fixtures.evm_node import evm_node
from tests.fixtures.fault_lab import fault_proxy
from tests.fixtures.toy_chain import toy_chain

BLOCKS = 300
RECORDING = Recording(31337, toy_chain(BLOCKS))


@pytest.fixture
def land(warehouse_settings, empty_chain_tables):
    """Land a range from some nodes; gives the settings, the report and what the nodes counted."""

    def run(start, end, *, nodes=1, view=None, **fields):
        with ExitStack() as stack:
            servers = [
                stack.enter_context(serve_recording(RECORDING, own_process=False, **(view or {})))
                for _ in range(nodes)
            ]
            urls = [server.url for server in servers]
            settings = with_urls(warehouse_settings, "devnet", urls, **fields)
            report = extract_range(settings, empty_chain_tables, "devnet", start, end, run_id="t")
            seen = sum(server.counts()["http"] for server in servers)
        return settings.chains["devnet"], report, seen

    return run


@pytest.mark.parametrize("has_final", [False, True])
@pytest.mark.parametrize(
    ("nodes", "blocks", "fields"),
    [
        (1, 200, {}),
        (1, 280, {"max_batch_blocks": 1}),
        (1, 280, {"max_batch_blocks": 50, "max_concurrency": 32}),
        (2, 280, {}),
        (3, 280, {"max_batch_blocks": 20}),
    ],
    ids=["default", "one a batch", "large batches", "two nodes", "three nodes"],
)
def test_estimate_is_within_a_tenth_of_what_the_run_takes(land, nodes, blocks, fields, has_final):
    if has_final:
        land(0, 1)
    wanted, report, seen = land(1, 1 + blocks, nodes=nodes, **fields)
    assert report.blocks == blocks
    assert requests_for(blocks, wanted, has_final=has_final) == pytest.approx(seen, rel=0.1)


@pytest.mark.needs_node
def test_estimate_holds_on_a_real_node(anvil, warehouse_settings, empty_chain_tables):
    with evm_node(anvil) as node, fault_proxy(node.url) as proxy:
        for number in range(220):
            node.mine([node.transfer(number % 10, 0, 1)])
        blocks = node.head + 1
        settings = with_urls(warehouse_settings, "devnet", [proxy.url])
        report = extract_range(settings, empty_chain_tables, "devnet", 0, blocks, run_id="t")
    assert report.blocks == blocks
    estimate = requests_for(blocks, settings.chains["devnet"], has_final=False)
    assert estimate == pytest.approx(proxy.requests, rel=0.1)


def test_estimate_knows_nodes_that_give_receipts_one_by_one(land):
    wanted, _, seen = land(0, BLOCKS, view={"block_receipts": False})
    estimate = requests_for(BLOCKS, wanted, has_final=False, receipts_a_block=1)
    assert estimate == pytest.approx(seen, rel=0.1)


def test_nothing_to_land_takes_only_what_begins_a_run(land):
    land(0, 10)
    wanted, _, seen = land(0, 10)
    assert requests_for(0, wanted) == seen


def test_bytes_a_block_are_those_received(land, empty_chain_tables):
    assert bytes_a_block(empty_chain_tables, "devnet") is None
    _, report, _ = land(0, 100)
    assert bytes_a_block(empty_chain_tables, "devnet") == report.received_bytes / 100
