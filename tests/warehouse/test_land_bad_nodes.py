"""Nodes that lie, lag, limit, cut off or are not there: what is true lands, nothing else does."""

import os
import signal
import threading
import time

import msgspec
import pytest

from extractors.evm.extract import extract_range
from oracul.demo.recording import Recording
from oracul.demo.replay_state import HttpFault
from oracul.errors import ConfigError, LandingMismatch, SourceError
from oracul.warehouse import connect
from tests.fixtures.chain_landing import landing, with_urls
from tests.fixtures.content import content_hashes
from tests.fixtures.landing import land_blocks
from tests.fixtures.toy_chain import (
    ZERO_HASH,
    address,
    toy_block,
    toy_chain,
    transaction,
    transfer_log,
)

COUNT = 30
CHAIN = toy_chain(COUNT)
RECORDING = Recording(31337, CHAIN)


@pytest.fixture
def land(warehouse_settings, empty_chain_tables):
    def serve(*nodes, chain="devnet"):
        return landing(warehouse_settings, empty_chain_tables, chain, *nodes)

    return serve


def node(fault=None, **options):
    return {"recording": RECORDING, "fault": fault, **options}


def without_a_log(method, params, result):
    if method != "eth_getBlockReceipts" or result == b"null":
        return None
    receipts = msgspec.json.decode(result)
    receipts[0]["logs"] = []
    return msgspec.json.encode(receipts)


def never(method, params, result):
    return HttpFault(500)


class Sometimes:
    """A fault in place of every second answer to a method, a few times over."""

    def __init__(self, fault, method="eth_getBlockByNumber", times=3):
        self.fault, self.method, self.left, self.calls = fault, method, times, 0

    def __call__(self, method, params, result):
        if method != self.method or params[1:] == [False]:
            return None
        self.calls += 1
        if self.calls % 2 and self.left:
            self.left -= 1
            return self.fault
        return None


def assert_all_there(landed, report, count=COUNT):
    assert report.blocks == count
    assert not report.gaps
    assert landed.pointers() == {b.number: b.hash for b in CHAIN[:count]}


def test_lone_liar_lands_nothing_and_says_so(land):
    with land(node(without_a_log)) as landed:
        report = landed.extract(0, 5)
        assert (report.blocks, sorted(report.gaps)) == (0, [0, 1, 2, 3, 4])
        assert any("stay missing" in fault for fault in report.degraded)
        assert landed.rows("select count() from raw.logs") == [(0,)]
        reasons = landed.rows("select distinct source, reason from meta.rejected_rows")
        assert [reason for _, reason in reasons] == [
            "the receipts do not have the header's receiptsRoot"
        ]


def test_liar_beside_an_honest_node_is_set_aside(land):
    with land(node(without_a_log), node()) as landed:
        report = landed.extract(0, COUNT)
        assert_all_there(landed, report)
        assert len(report.set_aside) == 1
        assert report.rejected >= 3


@pytest.mark.parametrize(
    "fault",
    [
        HttpFault(429, {"retry-after": "0"}),
        HttpFault(503),
        HttpFault(200, body=b'[{"jsonrpc":"2.0","id":0,"result":{"number":"0x1"', cut_after=20),
        HttpFault(200, body=b'[{"jsonrpc":"2.0","id":0,"result":'),
        HttpFault(200, body=b'[{"jsonrpc":"2.0","id":77,"result":null}]'),
        HttpFault(200, body=b"<html>busy</html>"),
        HttpFault(200, body=b'{"jsonrpc":"2.0","id":null,"error":{"code":-32005,"message":"x"}}'),
        b"null",
        b'{"number":"0x0"}',
    ],
    ids=["429", "503", "cut connection", "cut body", "wrong ids", "html", "limit", "null", "shape"],
)
def test_passing_faults_of_one_node_are_healed(land, fault):
    with land(node(Sometimes(fault)), node()) as landed:
        assert_all_there(landed, landed.extract(0, COUNT))


def test_retry_after_is_honoured_at_a_lone_node(land):
    with land(node(Sometimes(HttpFault(429, {"retry-after": "1"}), times=1))) as landed:
        report = landed.extract(0, 5)
        assert_all_there(landed, report, 5)
        assert report.duration_seconds >= 1


def test_node_without_block_receipts_gives_the_same_rows(land, empty_chain_tables):
    with land(node()) as landed:
        landed.extract(0, COUNT)
    before = content_hashes(empty_chain_tables, ("raw",))
    for table in ("raw.logs", "raw.transactions", "raw.blocks", "meta.canonical_blocks"):
        empty_chain_tables.command(f"truncate table {table}")
    with land(node(block_receipts=False)) as landed:
        assert_all_there(landed, landed.extract(0, COUNT))
        assert landed.nodes[0].counts()["eth_getTransactionReceipt"] == COUNT
    assert content_hashes(empty_chain_tables, ("raw",)) == before


NO_RECEIPTS = {"block_receipts": False, "transaction_receipts": False}


class LetsTheOtherBeAsked:
    """Holds its receipts back until the other node was asked for those of a transaction.

    Else it may have done all the work before the other was asked a second time.
    """

    def __init__(self):
        self.other = None

    def __call__(self, method, params, result):
        until = time.monotonic() + 1.5
        while method == "eth_getBlockReceipts" and time.monotonic() < until:
            if self.other and self.other.counts()["eth_getTransactionReceipt"]:
                break
            time.sleep(0.01)


def test_node_that_offers_no_receipts_is_set_aside(land):
    courteous = LetsTheOtherBeAsked()
    with land(node(**NO_RECEIPTS), node(courteous)) as landed:
        courteous.other = landed.nodes[0]
        report = landed.extract(0, COUNT)
        assert_all_there(landed, report)
        (reason,) = report.set_aside.values()
        assert "eth_getTransactionReceipt does not exist" in reason


def test_lone_node_that_offers_no_receipts_ends_the_run(land):
    with land(node(**NO_RECEIPTS)) as landed:
        with pytest.raises(SourceError, match="eth_getTransactionReceipt does not exist"):
            landed.extract(0, COUNT)
        assert landed.nodes[0].counts()["http"] < 40


def test_count_of_answers_not_believed_is_that_of_the_rows(land):
    with land(node(without_a_log), node(Sometimes(b'{"number":"0x0"}', times=9))) as landed:
        report = landed.extract(0, COUNT)
        written = landed.rows("select count() from meta.rejected_rows")
        assert written == [(report.rejected,)]
        assert sum(report.reasons.values()) == report.rejected > 0


def test_node_that_is_behind_leaves_its_blocks_to_the_others(land):
    with land(node(head=10), node()) as landed:
        assert_all_there(landed, landed.extract(0, COUNT))


def test_node_on_another_branch_is_not_believed_over_two(land):
    other = Recording(31337, [*CHAIN[:20], *toy_chain(
        10, start=20, parent_hash=CHAIN[19].hash, salt="x")])  # fmt: skip
    with land({"recording": other}, node(), node()) as landed:
        assert_all_there(landed, landed.extract(0, COUNT))


def test_dead_node_beside_a_living_one_is_set_aside(land, warehouse_settings):
    with land(node()) as landed:
        urls = ["http://127.0.0.1:9", landed.nodes[0].url]
        settings = with_urls(warehouse_settings, "devnet", urls)
        report = extract_range(settings, landed.client, "devnet", 0, COUNT, run_id="test")
        assert_all_there(landed, report)
        assert list(report.set_aside) == ["127.0.0.1:9"]


def test_unreachable_node_is_an_error_without_its_key(warehouse_settings, empty_chain_tables):
    settings = with_urls(
        warehouse_settings, "devnet", ["http://127.0.0.1:9/secretkey"], deadline_seconds=0.5
    )
    with pytest.raises(SourceError, match=r"127\.0\.0\.1:9 cannot be reached") as caught:
        extract_range(settings, empty_chain_tables, "devnet", 0, 5, run_id="test")
    assert "secretkey" not in str(caught.value)


def test_node_that_always_fails_is_an_error_after_the_deadline(warehouse_settings, land):
    with land(node()) as landed, land(node(never)) as broken:
        urls = [broken.nodes[0].url]
        settings = with_urls(warehouse_settings, "devnet", urls, deadline_seconds=0.5)
        with pytest.raises(SourceError, match="HTTP 500"):
            extract_range(settings, landed.client, "devnet", 0, 5, run_id="test")


def test_wrong_chain_is_refused(land):
    with (
        land(node(), chain="ethereum") as landed,
        pytest.raises(ConfigError, match="serves chain id 31337, but ethereum is 1"),
    ):
        landed.extract(0, 5)


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [(5, 5, "no range"), (7, 3, "no range"), (-1, 3, "no range"), (0, 31, "does not exist yet")],
)
def test_range_that_makes_no_sense_is_refused(land, start, end, message):
    with land(node()) as landed, pytest.raises(ConfigError, match=message):
        landed.extract(start, end)


def test_chain_without_a_url_is_refused(warehouse_settings, empty_chain_tables):
    with pytest.raises(ConfigError, match="ORACUL_CHAINS__DEVNET__RPC_URLS"):
        extract_range(warehouse_settings, empty_chain_tables, "devnet", 0, 5, run_id="test")


def test_racing_workers_leave_the_same_rows(land, warehouse_settings):
    with land(node()) as landed:
        landed.extract(0, COUNT)
        alone = content_hashes(landed.client, ("raw", "meta"))
        for table in ("raw.logs", "raw.transactions", "raw.blocks", "meta.canonical_blocks"):
            landed.client.command(f"truncate table {table}")
        errors = []

        def work():
            client = connect(warehouse_settings)
            try:
                extract_range(landed.settings, client, "devnet", 0, COUNT, run_id="test")
            except BaseException as error:  # noqa: BLE001 — handed to the test
                errors.append(error)
            finally:
                client.close()

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not errors
        assert content_hashes(landed.client, ("raw", "meta")) == alone


def test_interrupt_lands_what_is_in_hand_and_the_next_run_goes_on(land):
    calls = []

    def interrupt(method, params, result):
        calls.append(method)
        if calls.count("eth_getBlockReceipts") == 12:
            os.kill(os.getpid(), signal.SIGINT)

    with land(node(interrupt)) as landed:
        with pytest.raises(KeyboardInterrupt):
            landed.extract(0, COUNT)
        there = len(landed.pointers())
        assert 0 < there < COUNT
        report = landed.extract(0, COUNT)
        assert report.blocks == COUNT - there
        assert len(landed.pointers()) == COUNT


def test_stray_row_of_a_block_stops_its_landing(land):
    with land(node()) as landed:
        landed.extract(0, 1)
        landed.client.command("truncate table meta.canonical_blocks")
        landed.client.command(
            "insert into raw.logs select * replace (7 as log_index) from raw.logs limit 1"
        )
        with pytest.raises(LandingMismatch, match=r"raw\.logs holds 2 rows of .* 0, but 1"):
            landed.extract(0, 1)
        assert landed.pointers() == {}


def test_transaction_in_two_branches_of_one_answer_lands_with_both(empty_chain_tables):
    """A node may change its branch between two blocks; both prove, and links are judged later."""
    log = transfer_log(address("t"), address("a"), address("b"), 5)
    blocks = [toy_block(n, ZERO_HASH, [transaction("same", [log])], salt=str(n)) for n in (1, 2)]
    land_blocks(empty_chain_tables, "devnet", blocks)
    rows = empty_chain_tables.query(
        "select block_number, block_hash, tx_hash from raw.logs order by block_number"
    ).result_rows
    assert [(number, block_hash) for number, block_hash, _ in rows] == [
        (block.number, block.hash) for block in blocks
    ]
    assert rows[0][2] == rows[1][2]
