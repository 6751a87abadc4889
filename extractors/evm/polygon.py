"""Polygon's state-sync pseudo-transaction: in the node's answers, but not in the block.

Until the Madhugiri fork, Bor shows what the bridge brought in as a last transaction of the block,
with a receipt and logs, though neither transactionsRoot, receiptsRoot nor logsBloom covers it. Its
hash follows from the block, which is how it is known. Since that fork it is a transaction of a
type of its own (0x7f), covered like any other.
"""

from binascii import unhexlify
from collections.abc import Sequence

import msgspec

from extractors.evm.structs import Block, Receipt
from extractors.evm.trie import keccak
from oracul.errors import ProofFailed

CHAIN = "polygon"
_PREFIX = b"matic-bor-receipt-"


def state_sync_hash(number: int, block_hash: str) -> str:
    """Hash that the pseudo-transaction of this block has."""
    return "0x" + keccak(_PREFIX + number.to_bytes(8, "big") + unhexlify(block_hash[2:])).hex()


def split_state_sync(
    chain: str, block: Block, receipts: Sequence[Receipt]
) -> tuple[Block, Sequence[Receipt], bool]:
    """The block and receipts that the header covers, and whether a pseudo-transaction was left out.

    Raises ProofFailed for one that moves value or pays for gas, which the real ones never do.
    """
    if chain != CHAIN or not block.transactions or len(receipts) != len(block.transactions):
        return block, receipts, False
    last = block.transactions[-1]
    if last.hash != state_sync_hash(int(block.number, 16), block.hash):
        return block, receipts, False
    if receipts[-1].transaction_hash != last.hash:
        raise ProofFailed("the receipt in the state-sync transaction's place is another one's")
    if int(last.value, 16) or int(receipts[-1].gas_used, 16):
        raise ProofFailed("a state-sync transaction moves value or uses gas")
    covered = msgspec.structs.replace(block, transactions=block.transactions[:-1])
    return covered, receipts[:-1], True
