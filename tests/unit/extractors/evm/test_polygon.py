"""Polygon's state-sync transaction, which no root covers, on toy blocks."""

import msgspec
import pytest

from extractors.evm.parse import Answer, parse_answer
from extractors.evm.polygon import state_sync_hash
from extractors.evm.proof import prove
from extractors.evm.structs import Block, Receipt
from oracul.errors import ProofFailed
from tests.fixtures.toy_chain import (
    ZERO_HASH,
    address,
    toy_block,
    transaction,
    transfer_log,
    with_state_sync,
)

ALWAYS = ("header", "transactions", "receipts", "bloom")
BRIDGED = transfer_log(address("token"), address("bridge"), address("b"), 5)
PLAIN = toy_block(16, ZERO_HASH, [transaction("a", [BRIDGED]), transaction("b")])
SYNCED = with_state_sync(PLAIN, [BRIDGED])


def proven_parts(recorded, chain="polygon", edit=None):
    block, receipts = msgspec.json.decode(recorded.block), msgspec.json.decode(recorded.receipts)
    if edit is not None:
        edit(block, receipts)
    return prove(msgspec.convert(block, Block), msgspec.convert(receipts, list[Receipt]), chain)


def test_state_sync_hash_is_that_of_number_and_block_hash():
    transactions = msgspec.json.decode(SYNCED.block)["transactions"]
    assert state_sync_hash(16, PLAIN.hash) == transactions[-1]["hash"]
    assert state_sync_hash(17, PLAIN.hash) != transactions[-1]["hash"]


def test_block_without_a_state_sync_transaction_is_fully_proven():
    assert proven_parts(PLAIN) == ALWAYS


def test_block_with_one_is_proven_by_its_header_only():
    assert proven_parts(SYNCED) == ("header",)


def test_block_of_only_one_is_proven_by_its_header_only():
    assert proven_parts(with_state_sync(toy_block(16, ZERO_HASH), [BRIDGED])) == ("header",)


@pytest.mark.parametrize("chain", ["ethereum", "optimism", "arbitrum", ""])
def test_same_block_of_another_chain_is_refused(chain):
    with pytest.raises(ProofFailed, match="transactionsRoot"):
        proven_parts(SYNCED, chain)


def drop_log(block, receipts):
    receipts[0]["logs"].pop()


def rename(block, receipts):
    block["transactions"][-1]["hash"] = receipts[-1]["transactionHash"] = "0x" + "12" * 32


def move_first(block, receipts):
    block["transactions"].insert(0, block["transactions"].pop())
    receipts.insert(0, receipts.pop())


def give_value(block, receipts):
    block["transactions"][-1]["value"] = "0x1"


def use_gas(block, receipts):
    receipts[-1]["gasUsed"] = "0x1"


def forget_receipt(block, receipts):
    receipts.pop()


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (drop_log, "receiptsRoot"),
        (rename, "transactionsRoot"),
        (move_first, "transactionsRoot"),
        (give_value, "moves value"),
        (use_gas, "uses gas"),
        (forget_receipt, "2 receipts came for 3"),
    ],
)
def test_altered_block_is_refused(edit, message):
    with pytest.raises(ProofFailed, match=message):
        proven_parts(SYNCED, edit=edit)


def test_state_sync_transaction_and_its_logs_are_laid_out():
    reply = b'[{"jsonrpc":"2.0","id":0,"result":%b}]'
    bodies = reply % SYNCED.block, (reply % SYNCED.receipts,)
    (facts,) = parse_answer(Answer("polygon", "node", (16,), *bodies)).facts
    assert (facts.transactions, facts.logs, facts.parts) == (3, 2, ("header",))
