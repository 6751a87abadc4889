"""The checked-in recording is whole: linked, counted, small, and the seeds agree with it."""

import csv

from oracul.chains import DBT_PROJECT_DIR, get_chain
from oracul.demo.places import RECORDING_DIR
from tests.unit.demo.conftest import TRANSFER

MAX_BYTES = 6_000_000


def test_recording_is_small() -> None:
    assert sum(path.stat().st_size for path in RECORDING_DIR.iterdir()) <= MAX_BYTES


def test_recording_links_every_block_to_its_parent(main) -> None:
    hashes = [block["hash"] for block in main.blocks]
    assert [block["parentHash"] for block in main.blocks[1:]] == hashes[:-1]


def test_recording_numbers_blocks_without_a_hole(main, manifest) -> None:
    numbers = [int(block["number"], 16) for block in main.blocks]
    assert numbers == list(range(manifest["first_block"], manifest["last_block"] + 1))


def test_recording_has_one_receipt_a_transaction(main) -> None:
    for block, receipts in zip(main.blocks, main.receipts, strict=True):
        assert [tx["hash"] for tx in block["transactions"]] == [
            receipt["transactionHash"] for receipt in receipts
        ]


def test_recording_counts_are_those_of_the_manifest(main, manifest) -> None:
    logs = list(main.logs())
    transfers = [log for log in logs if log["topics"][:1] == [TRANSFER]]
    counts = manifest["counts"]
    assert counts["blocks"] == len(main.blocks)
    assert counts["transactions"] == sum(len(block["transactions"]) for block in main.blocks)
    assert counts["logs"] == len(logs)
    assert len(transfers) == counts["erc20_logs"] + counts["erc721_logs"] + counts["odd_logs"]
    assert counts["erc721_logs"] == sum(
        len(log["topics"]) == 4 and log["data"] == "0x" for log in transfers
    )
    assert counts["failed_transactions"] == sum(
        receipt["status"] == "0x0" for receipts in main.receipts for receipt in receipts
    )


def test_recording_ends_at_the_manifests_tip(main, manifest) -> None:
    assert main.blocks[-1]["hash"] == manifest["tip_hash"]
    assert int(main.blocks[-1]["timestamp"], 16) == manifest["tip_second"]


def test_recording_holds_no_blob_transaction(main) -> None:
    kinds = {tx["type"] for block in main.blocks for tx in block["transactions"]}
    assert kinds == {"0x0", "0x1", "0x2", "0x4"}


def test_chain_seed_names_the_recorded_wrapped_coin(tokens) -> None:
    spec = get_chain("devnet")
    assert spec.wrapped_native_address == tokens["weth"]["address"]
    assert spec.native_asset == tokens["weth"]["asset"]


def test_token_seed_holds_the_manifests_curated_tokens(manifest) -> None:
    with (DBT_PROJECT_DIR / "seeds" / "ref_tokens.csv").open(newline="", encoding="utf-8") as file:
        rows = {
            row["token_address"]: (row["symbol"], int(row["decimals"]), row["asset"])
            for row in csv.DictReader(file)
            if row["chain"] == "devnet"
        }
    assert rows == {
        token["address"]: (token["symbol"], token["decimals"], token["asset"])
        for token in manifest["tokens"]
        if token["in_seed"]
    }


def test_asset_seed_holds_every_recorded_asset(manifest, prices) -> None:
    with (DBT_PROJECT_DIR / "seeds" / "ref_assets.csv").open(newline="", encoding="utf-8") as file:
        seeded = {row["asset"] for row in csv.DictReader(file)}
    assert {row["asset"] for row in manifest["assets"]} == set(prices[1])
    assert set(prices[1]) <= seeded


def test_prices_cover_every_hour_of_the_recording(manifest, prices) -> None:
    assert {len(series) for series in prices[1].values()} == {manifest["day_count"] * 24}
