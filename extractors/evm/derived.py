"""What follows from fields that a block's roots cover: a node's own word on it is not needed.

Pure. Where a node says something else than what follows, it contradicts itself.
"""

from binascii import unhexlify

from extractors.evm.encode import OP_DEPOSIT, transaction_type
from extractors.evm.rlp import QUANTITY, encode_address, encode_list
from extractors.evm.structs import Receipt, Transaction
from extractors.evm.trie import keccak

GAS_PER_BLOB = 131_072
_FIRST_ARBITRUM_TYPE = 0x64


def has_own_rules(transaction: Transaction) -> bool:
    """True for Arbitrum's own types, whose gas and contracts follow other rules."""
    return _FIRST_ARBITRUM_TYPE <= transaction_type(transaction) < OP_DEPOSIT


def effective_price(transaction: Transaction, base_fee_wei: int | None) -> int:
    """Wei paid for one gas (EIP-1559): the tip is capped by what the fee cap leaves."""
    if base_fee_wei is None or transaction.max_fee_per_gas is None:
        return int(transaction.gas_price or "0x0", 16)
    tip = int(transaction.max_priority_fee_per_gas or "0x0", 16)
    return min(int(transaction.max_fee_per_gas, 16), base_fee_wei + tip)


def created_address(transaction: Transaction, receipt: Receipt) -> str | None:
    """Address that a creating transaction gives its contract; None for any other transaction.

    It follows from sender and nonce (of an OP deposit: its deposit nonce).
    """
    if transaction.to is not None:
        return None
    nonce = transaction.nonce
    if transaction_type(transaction) == OP_DEPOSIT:
        nonce = receipt.deposit_nonce or nonce
    encoded = encode_list(encode_address(transaction.sender) + QUANTITY[nonce])
    return "0x" + keccak(unhexlify(encoded))[12:].hex()


def blob_gas(transaction: Transaction) -> int | None:
    """Blob gas of a transaction; None where it carries no blobs."""
    hashes = transaction.blob_versioned_hashes
    return GAS_PER_BLOB * len(hashes) if hashes else None
