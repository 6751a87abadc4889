"""Proof of real blocks, as far as their data allows, and refusal of everything altered."""

import copy
import random

import msgspec
import pytest

from extractors.evm.encode import encode_transaction
from extractors.evm.proof import prove
from extractors.evm.structs import Block, Receipt
from extractors.evm.trie import keccak, ordered_root
from oracul.errors import ProofFailed
from tests.fixtures.real_chain import CHAIN_DATA, load_block, load_recording, needs_shared_data
from tests.fixtures.toy_chain import ZERO_HASH, like_mainnet, toy_block, transaction, transfer_log

ALWAYS = ("header", "transactions", "receipts", "bloom")


def decode(recorded):
    return (
        msgspec.json.decode(recorded.block, type=Block),
        msgspec.json.decode(recorded.receipts or b"[]", type=list[Receipt]),
    )


def proven_parts(block, receipts):
    """Parts proven of plain JSON objects."""
    return prove(msgspec.convert(block, Block), msgspec.convert(receipts, list[Receipt]))


@needs_shared_data
@pytest.mark.parametrize(
    ("folder", "blocks", "with_withdrawals"),
    [("jsonrpc_mainnet", 46, 18), ("jsonrpc_optimism", 11, 0)],
)
def test_real_blocks_are_proven(folder, blocks, with_withdrawals):
    parts = [prove(*decode(recorded)) for recorded in load_recording(folder).blocks]
    assert len(parts) == blocks
    assert {p[:4] for p in parts} == {ALWAYS}
    assert sum("withdrawals" in p for p in parts) == with_withdrawals


@needs_shared_data
def test_faulty_archive_node_is_refused():
    for recorded in load_recording("bad_node_mev_inspect").blocks:
        with pytest.raises(ProofFailed, match="receiptsRoot"):
            prove(*decode(recorded))


@needs_shared_data
def test_arbitrum_block_is_proven_without_its_transactions():
    folder = CHAIN_DATA / "other_chains" / "arbitrum_sepolia_erigon"
    recorded = load_block(folder / "block_185232421.json.gz")
    assert prove(*decode(recorded)) == ("header", "receipts", "bloom")


@needs_shared_data
@pytest.mark.parametrize("folder", ["mainnet_zeth", "mainnet_erigon", "gnosis_erigon"])
def test_transactions_of_blocks_without_receipts_have_their_root(folder):
    for path in (CHAIN_DATA / "blocks_only" / folder).glob("block_*.json.gz"):
        block, _ = decode(load_block(path))
        encoded = [encode_transaction(t) for t in block.transactions]
        assert "0x" + ordered_root(encoded).hex() == block.transactions_root
        assert ["0x" + keccak(e).hex() for e in encoded] == [t.hash for t in block.transactions]


@needs_shared_data
def test_block_without_signatures_or_mix_hash_is_refused():
    path = CHAIN_DATA / "ethereum_etl_gold"
    (block,) = path.glob("block_*.json.gz")
    with pytest.raises(ProofFailed, match="mixHash"):
        prove(*decode(load_block(block)))


def drop_log(block, receipts, source):
    source.choice([r for r in receipts if r["logs"]])["logs"].pop()


def add_log(block, receipts, source):
    logs = source.choice([r for r in receipts if r["logs"]])["logs"]
    logs.append(copy.deepcopy(logs[0]))


def edit_log(block, receipts, source):
    log = source.choice(source.choice([r for r in receipts if r["logs"]])["logs"])
    log["data"] = log["data"][:-1] + ("0" if log["data"][-1] != "0" else "1")


def edit_topic(block, receipts, source):
    log = source.choice(source.choice([r for r in receipts if r["logs"]])["logs"])
    log["topics"][-1] = log["topics"][0]


def move_log(block, receipts, source):
    first, second = source.sample([r for r in receipts if r["logs"]], 2)
    second["logs"].append(first["logs"].pop())


def flip_status(block, receipts, source):
    receipt = source.choice(receipts)
    receipt["status"] = "0x0" if receipt["status"] == "0x1" else "0x1"


def change_cumulative_gas(block, receipts, source):
    receipt = source.choice(receipts)
    receipt["cumulativeGasUsed"] = hex(int(receipt["cumulativeGasUsed"], 16) + 1)


def change_gas_used(block, receipts, source):
    receipt = source.choice(receipts)
    receipt["gasUsed"] = hex(int(receipt["gasUsed"], 16) + 1)


def change_price(block, receipts, source):
    receipt = source.choice(receipts)
    receipt["effectiveGasPrice"] = hex(int(receipt["effectiveGasPrice"], 16) + 1)


def reorder_receipts(block, receipts, source):
    i, j = source.sample(range(len(receipts)), 2)
    receipts[i], receipts[j] = receipts[j], receipts[i]


def drop_receipt(block, receipts, source):
    receipts.pop(source.randrange(len(receipts)))


def drop_transaction_and_receipt(block, receipts, source):
    i = source.randrange(len(receipts))
    receipts.pop(i)
    block["transactions"].pop(i)


def change_value(block, receipts, source):
    tx = source.choice(block["transactions"])
    tx["value"] = hex(int(tx["value"], 16) + 1)


def change_input(block, receipts, source):
    source.choice(block["transactions"])["input"] = "0xdeadbeef"


def change_hash_in_both(block, receipts, source):
    i = source.randrange(len(receipts))
    block["transactions"][i]["hash"] = receipts[i]["transactionHash"] = "0x" + "ab" * 32


def claim_another_type(block, receipts, source):
    i = source.randrange(len(receipts))
    block["transactions"][i]["type"] = receipts[i]["type"] = "0x6a"


def change_timestamp(block, receipts, source):
    block["timestamp"] = hex(int(block["timestamp"], 16) + 1)


def change_state_root(block, receipts, source):
    block["stateRoot"] = block["receiptsRoot"]


def change_bloom(block, receipts, source):
    block["logsBloom"] = "0x" + "00" * 256


def shift_text_between_fields(block, receipts, source):
    log = source.choice(source.choice([r for r in receipts if r["logs"]])["logs"])
    log["address"], log["data"] = log["address"] + log["data"][-2:], log["data"][:-2]


TAMPERINGS = [
    drop_log, add_log, edit_log, edit_topic, move_log, flip_status, change_cumulative_gas,
    change_gas_used, change_price, reorder_receipts, drop_receipt, drop_transaction_and_receipt,
    change_value, change_input, change_hash_in_both, claim_another_type, change_timestamp,
    change_state_root, change_bloom, shift_text_between_fields,
]  # fmt: skip


@pytest.fixture(scope="module")
def busy_block():
    recorded = toy_block(7, ZERO_HASH, like_mainnet(7, ""))
    block, receipts = msgspec.json.decode(recorded.block), msgspec.json.decode(recorded.receipts)
    assert proven_parts(block, receipts) == ALWAYS
    return block, receipts


@pytest.mark.parametrize("tamper", TAMPERINGS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_tampered_block_is_refused(busy_block, tamper, seed):
    block, receipts = copy.deepcopy(busy_block)
    tamper(block, receipts, random.Random(seed))
    with pytest.raises(ProofFailed):
        proven_parts(block, receipts)


@needs_shared_data
@pytest.mark.parametrize("tamper", TAMPERINGS[:9], ids=lambda f: f.__name__)
def test_tampered_real_block_is_refused(tamper):
    recorded = next(b for b in load_recording("jsonrpc_mainnet").blocks if b.number == 18_000_000)
    block, receipts = msgspec.json.decode(recorded.block), msgspec.json.decode(recorded.receipts)
    tamper(block, receipts, random.Random(5))
    with pytest.raises(ProofFailed):
        proven_parts(block, receipts)


def test_block_is_proven_without_withdrawals_when_the_node_keeps_them():
    withdrawal = {"index": "0x1", "validatorIndex": "0x2", "address": "0x" + "11" * 20,
                  "amount": "0x3"}  # fmt: skip
    recorded = toy_block(1, ZERO_HASH, [transaction("a")], withdrawals=[withdrawal])
    block, receipts = msgspec.json.decode(recorded.block), msgspec.json.decode(recorded.receipts)
    assert proven_parts(block, receipts) == (*ALWAYS, "withdrawals")
    block["withdrawals"][0]["amount"] = "0x4"
    with pytest.raises(ProofFailed, match="withdrawalsRoot"):
        proven_parts(block, receipts)
    del block["withdrawals"]
    assert proven_parts(block, receipts) == ALWAYS


def test_bloom_is_made_from_logs_when_receipts_lack_it(busy_block):
    block, receipts = copy.deepcopy(busy_block)
    for receipt in receipts:
        del receipt["logsBloom"]
    assert proven_parts(block, receipts) == ALWAYS


@pytest.mark.parametrize("data", ["0x", "0x05", "0x7f", "0x80", "0x" + "00" * 55, "0x" + "ab" * 56])
def test_log_data_of_any_length_is_proven(data):
    log = transfer_log("0x" + "22" * 20, "0x" + "33" * 20, "0x" + "44" * 20, 1) | {"data": data}
    anonymous = {**log, "topics": []}
    recorded = toy_block(1, ZERO_HASH, [transaction("a", [log, anonymous])])
    assert prove(*decode(recorded)) == ALWAYS


def test_field_of_a_later_fork_without_the_one_before_is_refused():
    # The same bytes, so the same hash: only the names of the fields differ.
    block, receipts = (msgspec.json.decode(x) for x in raw(toy_block(1, ZERO_HASH)))
    block["blobGasUsed"] = block.pop("baseFeePerGas")
    with pytest.raises(ProofFailed, match="later fork"):
        proven_parts(block, receipts)


def test_blob_hashes_that_run_into_each_other_are_refused():
    first, second = "0x01" + "11" * 31, "0x01" + "22" * 31
    blobs = transaction(
        "blobs", type="0x3", maxFeePerBlobGas="0x1", blobVersionedHashes=[first, second]
    )
    block, receipts = (msgspec.json.decode(x) for x in raw(toy_block(1, ZERO_HASH, [blobs])))
    assert proven_parts(copy.deepcopy(block), receipts) == ALWAYS
    block["transactions"][0]["blobVersionedHashes"] = [f"{first}a0{second[2:]}"]
    with pytest.raises(ProofFailed, match="lists"):
        proven_parts(block, receipts)


@pytest.mark.parametrize(
    "change", [{"r": None}, {"chainId": None}, {"type": "0x02", "chainId": None}]
)
def test_known_type_that_lacks_a_field_is_refused_rather_than_left_unproven(change):
    block, receipts = (
        msgspec.json.decode(x) for x in raw(toy_block(1, ZERO_HASH, [transaction("a")]))
    )
    block["transactions"][0] |= {**change, "value": "0xffff"}
    receipts[0]["type"] = block["transactions"][0]["type"]
    with pytest.raises(ProofFailed):
        proven_parts(block, receipts)


def test_contract_address_that_does_not_follow_is_refused():
    creation = transaction("new", to=None)
    block, receipts = (msgspec.json.decode(x) for x in raw(toy_block(1, ZERO_HASH, [creation])))
    receipts[0]["contractAddress"] = "0x" + "ab" * 20
    with pytest.raises(ProofFailed, match="contractAddress"):
        proven_parts(block, receipts)


def test_storage_root_in_place_of_withdrawals_is_taken_on_op_chains_only():
    block, receipts = decode(
        toy_block(1, ZERO_HASH, edit_header=lambda h: h.update(withdrawalsRoot="0x" + "ab" * 32))
    )
    block.withdrawals = []
    assert prove(block, receipts, "optimism") == ALWAYS
    with pytest.raises(ProofFailed, match="withdrawalsRoot"):
        prove(block, receipts, "ethereum")


def raw(recorded):
    return recorded.block, recorded.receipts
