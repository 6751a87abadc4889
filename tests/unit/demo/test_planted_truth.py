"""What the manifest says was planted is really in the recorded logs."""

from collections import defaultdict
from datetime import date
from statistics import median

import pytest

from oracul.demo.places import load_manifest
from oracul.times import from_epoch
from tests.unit.demo.conftest import TRANSFER

EVENTS = {event["tag"]: event for event in load_manifest()["events"] if event["tx_hashes"]}
WHALES = ("whale-tide", "whale-gld", "whale-wbit")


@pytest.fixture(scope="session")
def volumes(main, manifest) -> dict[str, dict[int, float]]:
    """Whole tokens moved by token address and day, mints and burns left out."""
    scales = {
        token["address"]: 10 ** token["decimals"]
        for token in manifest["tokens"]
        if token["decimals"] is not None
    }
    first = int(main.blocks[0]["timestamp"], 16)
    found: dict[str, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for block, receipts in zip(main.blocks, main.receipts, strict=True):
        day = (int(block["timestamp"], 16) - first) // 86_400
        for receipt in receipts:
            for log in receipt["logs"]:
                topics = log["topics"]
                if topics[:1] != [TRANSFER] or len(topics) != 3 or len(log["data"]) != 66:
                    continue
                if log["address"] in scales and int(topics[1], 16) and int(topics[2], 16):
                    whole = int(log["data"], 16) / scales[log["address"]]
                    found[log["address"]][day] += whole
    return found


@pytest.mark.parametrize("tag", sorted(EVENTS))
def test_planted_transactions_are_in_the_named_blocks(main, tag) -> None:
    receipts = main.by_hash()
    found = {int(receipts[tx_hash]["blockNumber"], 16) for tx_hash in EVENTS[tag]["tx_hashes"]}
    assert found == set(EVENTS[tag]["blocks"])


@pytest.mark.parametrize("tag", sorted(EVENTS))
def test_planted_blocks_are_of_the_named_date(main, tag) -> None:
    seconds = [int(main.blocks[number]["timestamp"], 16) for number in EVENTS[tag]["blocks"]]
    days = {from_epoch(second).date() for second in seconds}
    assert {day.isoformat() for day in days} == {EVENTS[tag]["date"]}


@pytest.mark.parametrize("tag", WHALES)
def test_whale_moves_a_multiple_of_the_usual_volume(volumes, tag) -> None:
    event = EVENTS[tag]
    days = volumes[event["entity_id"]]
    usual = median(days[day] for day in range(event["day"] - 28, event["day"]))
    assert days[event["day"]] > 0.8 * event["factor"] * usual


def test_ordinary_days_are_calm(volumes, manifest, tokens) -> None:
    loud = {event["day"] for event in manifest["events"] if event["token"] == "usdx"}
    days = volumes[tokens["usdx"]["address"]]
    for day in range(21, manifest["day_count"]):
        if day not in loud:
            earlier = [days[day - 7], days[day - 14], days[day - 21]]
            if not loud & {day - 7, day - 14, day - 21}:
                assert 0.6 < days[day] / median(earlier) < 1.6


def test_dead_token_stops_trading(volumes, manifest, tokens) -> None:
    last = date.fromisoformat(manifest["nuisances"]["dead_token"]["last_trade_date"])
    dead_day = (last - date.fromisoformat(manifest["first_day"])).days
    assert max(volumes[tokens["moth"]["address"]]) == dead_day < manifest["day_count"] - 14


def test_anomalies_lie_in_the_last_two_weeks_and_before(manifest) -> None:
    days = {event["day"] for event in manifest["events"]}
    assert sum(day > manifest["day_count"] - 15 for day in days) >= 6
    assert sum(day <= manifest["day_count"] - 15 for day in days) >= 2


def test_reorg_replaces_blocks_above_the_common_one(main, orphaned, manifest) -> None:
    reorg = manifest["reorg"]
    start = reorg["first_replaced_block"]
    assert reorg["depth"] >= 3
    assert orphaned.blocks[0]["parentHash"] == main.blocks[start - 1]["hash"]
    assert [block["hash"] for block in orphaned.blocks] == reorg["orphaned_hashes"]
    assert not set(reorg["orphaned_hashes"]) & {block["hash"] for block in main.blocks}


def test_reorg_undoes_a_payment(main, orphaned, manifest) -> None:
    spends = manifest["reorg"]["double_spend"]
    assert spends["orphaned"] in orphaned.by_hash()
    assert spends["orphaned"] not in main.by_hash()
    assert spends["canonical"] in main.by_hash()


def test_fork_is_above_what_was_final_before_it(manifest) -> None:
    assert manifest["phases"][0]["finalized"] < manifest["reorg"]["common_block"]


def test_poisoning_transfers_move_nothing(main, manifest, tokens) -> None:
    zero = [
        log
        for log in main.logs()
        if log["address"] == tokens["usdx"]["address"]
        and log["topics"][0] == TRANSFER
        and int(log["data"], 16) == 0
    ]
    assert len(zero) == manifest["nuisances"]["transactions"]["poison"]


def test_spam_claims_more_than_anybody_has(main, tokens) -> None:
    sums = {
        int(log["data"], 16) for log in main.logs() if log["address"] == tokens["spam"]["address"]
    }
    assert sums == {10**30}


def test_unindexed_token_logs_one_topic_and_96_bytes(main, tokens) -> None:
    logs = [log for log in main.logs() if log["address"] == tokens["flat"]["address"]]
    assert {(len(log["topics"]), len(log["data"])) for log in logs} == {(1, 2 + 2 * 96)}


def test_fee_token_logs_two_transfers_a_payment(main, tokens) -> None:
    address = tokens["levy"]["address"]
    counts = {
        sum(log["address"] == address for log in receipt["logs"])
        for receipt in main.by_hash().values()
        if receipt["to"] == address and receipt["from"] != main.blocks[1]["transactions"][0]["from"]
    }
    assert counts == {2}


def test_contracts_that_refuse_are_creations_that_fail(main) -> None:
    refused = [
        receipt
        for receipt in main.by_hash().values()
        if receipt["to"] is None and receipt["status"] == "0x0"
    ]
    assert refused
