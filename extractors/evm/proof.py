"""Prove that what a node sent is what the block's header commits to.

Not proven here: that the header is canonical (parent links and a second endpoint show that), and
what no root covers: the sender of a transaction beside its signature, the blob gas price, the fee
for layer 1. A receipt's gas and price are derived from proven fields and compared.
"""

from binascii import hexlify, unhexlify
from collections.abc import Sequence

from extractors.evm.bloom import bloom_of_logs, combine
from extractors.evm.derived import blob_gas, created_address, effective_price, has_own_rules
from extractors.evm.encode import (
    Unencodable,
    UnknownType,
    encode_receipt,
    encode_transaction,
    encode_withdrawal,
    header_hash,
    transaction_type,
)
from extractors.evm.polygon import split_state_sync
from extractors.evm.structs import Block, Receipt, Transaction
from extractors.evm.trie import keccak, ordered_root
from oracul.errors import ProofFailed

HEADER, TRANSACTIONS, RECEIPTS, BLOOM, WITHDRAWALS = PARTS = (
    "header",
    "transactions",
    "receipts",
    "bloom",
    "withdrawals",
)
# Since Isthmus their withdrawalsRoot is that of a contract's storage, and the list is empty.
_OP_CHAINS = frozenset({"optimism"})


def prove(block: Block, receipts: Sequence[Receipt], chain: str = "") -> tuple[str, ...]:
    """The proven parts of a block, a subset of PARTS in their order.

    `header`, `receipts` and `bloom` are among them. `transactions` is left out where a type is
    unknown (types and order are still proven, by the receipts);
    `withdrawals` where the header has none or the node did not send the list. A part covers every
    row or is left out: where polygon's state-sync transaction ends the block, which no root covers,
    `transactions`, `receipts` and `bloom` are, though all the rest was compared with them.

    Raises ProofFailed saying which part contradicts the header.
    """
    try:
        check_shape(block, receipts)
        prove_header(block)
        covered, its_receipts, has_more = split_state_sync(chain, block, receipts)
        has_transactions = prove_transactions(covered)
        prove_receipts(covered, its_receipts)
        has_withdrawals = prove_withdrawals(block, chain)
        check_derived(covered, its_receipts, chain)
    except Unencodable as error:
        raise ProofFailed(f"cannot be proven: {error}") from None
    except ValueError as error:
        raise ProofFailed(f"is malformed: {error}") from None
    held = (True, has_transactions and not has_more, not has_more, not has_more, has_withdrawals)
    return tuple(part for part, is_held in zip(PARTS, held, strict=True) if is_held)


def check_shape(block: Block, receipts: Sequence[Receipt]) -> None:
    """Receipts fit transactions one by one; fixed-length fields have their length."""
    if len(receipts) != len(block.transactions):
        raise ProofFailed(
            f"{len(receipts)} receipts came for {len(block.transactions)} transactions"
        )
    for transaction, receipt in zip(block.transactions, receipts, strict=True):
        if receipt.transaction_hash != transaction.hash:
            raise ProofFailed("a receipt belongs to another transaction than the one in its place")
        if receipt.type != transaction.type and int(receipt.type or "0x0", 16) != (
            transaction_type(transaction)
        ):
            raise ProofFailed("a receipt is of another type than its transaction")
    logs = [log for receipt in receipts for log in receipt.logs]
    # Fixed lengths: otherwise text could be shifted from one field to the next in the encoding.
    _all_of_length({len(log.address) for log in logs}, 42, "a log's address")
    _all_of_length({len(topic) for log in logs for topic in log.topics}, 66, "a topic")
    if any(len(log.topics) > 4 for log in logs):
        raise ProofFailed("a log has more than four topics")
    if any(len(log.data) & 1 for log in logs):
        raise ProofFailed("a log's data ends in half a byte")
    _all_of_length({len(t.hash) for t in block.transactions}, 66, "a transaction's hash")
    addresses = {len(t.to) for t in block.transactions if t.to is not None}
    addresses.update(len(t.sender) for t in block.transactions)
    addresses.add(len(block.miner))
    _all_of_length(addresses, 42, "an address")
    _check_lists(block.transactions)
    hashes = (block.hash, block.parent_hash, block.sha3_uncles, block.state_root)
    roots = (block.transactions_root, block.receipts_root, block.withdrawals_root)
    later = (block.mix_hash, block.parent_beacon_block_root, block.requests_hash)
    lengths = {len(text) for text in (*hashes, *roots, *later) if text is not None}
    _all_of_length(lengths, 66, "a hash in the header")
    _all_of_length({len(block.logs_bloom)}, 514, "the header's logsBloom")


def _check_lists(transactions: Sequence[Transaction]) -> None:
    """Values within access lists, authorizations and blob hashes: no column checks them again."""
    entries = [entry for t in transactions for entry in t.access_list or ()]
    addresses = [entry.address for entry in entries]
    addresses += [entry.address for t in transactions for entry in t.authorization_list or ()]
    hashes = [key for entry in entries for key in entry.storage_keys]
    hashes += [text for t in transactions for text in t.blob_versioned_hashes or ()]
    hashes += [t.source_hash for t in transactions if t.source_hash is not None]
    _all_of_length(set(map(len, addresses)), 42, "an address in a transaction's lists")
    _all_of_length(set(map(len, hashes)), 66, "a hash in a transaction's lists")
    if any(text[:2] != "0x" for text in (*addresses, *hashes)):
        raise ProofFailed("a value in a transaction's lists does not begin with 0x")


def _all_of_length(lengths: set[int], wanted: int, what: str) -> None:
    if lengths and lengths != {wanted}:
        raise ProofFailed(f"{what} is not {(wanted - 2) // 2} bytes long")


def prove_header(block: Block) -> None:
    """The header hashes to the block's hash."""
    if header_hash(block) != unhexlify(block.hash[2:]):
        raise ProofFailed("the header does not have the block's hash")


def prove_transactions(block: Block) -> bool:
    """transactionsRoot and each hash; False where a type cannot be encoded."""
    try:
        encoded = [encode_transaction(t) for t in block.transactions]
    except UnknownType:
        # The type itself is proven: receiptsRoot covers it.
        return False
    if ordered_root(encoded) != unhexlify(block.transactions_root[2:]):
        raise ProofFailed("the transactions do not have the header's transactionsRoot")
    hashes = hexlify(b"".join(map(keccak, encoded))).decode()
    if "".join([t.hash[2:] for t in block.transactions]) != hashes:
        raise ProofFailed("a transaction does not have its hash")
    return True


def prove_receipts(block: Block, receipts: Sequence[Receipt]) -> None:
    """receiptsRoot and logsBloom."""
    blooms = [_bloom(receipt) for receipt in receipts]
    encoded = [encode_receipt(r, bloom) for r, bloom in zip(receipts, blooms, strict=True)]
    if ordered_root(encoded) != unhexlify(block.receipts_root[2:]):
        raise ProofFailed("the receipts do not have the header's receiptsRoot")
    if combine(blooms) != unhexlify(block.logs_bloom[2:]):
        raise ProofFailed("the logs do not have the header's logsBloom")


def _bloom(receipt: Receipt) -> str:
    """A receipt's bloom as sent (receiptsRoot covers it), or made from its logs if it was not."""
    sent = receipt.logs_bloom
    return sent[2:] if sent is not None and len(sent) == 514 else bloom_of_logs(receipt.logs)


def prove_withdrawals(block: Block, chain: str) -> bool:
    """withdrawalsRoot; False where there is nothing that could be proven."""
    if block.withdrawals_root is None:
        if block.withdrawals:
            raise ProofFailed("withdrawals came, but the header has no withdrawalsRoot")
        return False
    if block.withdrawals is None or (chain in _OP_CHAINS and not block.withdrawals):
        return False
    _all_of_length({len(w.address) for w in block.withdrawals}, 42, "a withdrawal's address")
    encoded = [encode_withdrawal(w) for w in block.withdrawals]
    if ordered_root(encoded) != unhexlify(block.withdrawals_root[2:]):
        raise ProofFailed("the withdrawals do not have the header's withdrawalsRoot")
    return True


def check_derived(block: Block, receipts: Sequence[Receipt], chain: str) -> None:
    """Gas used, the price paid, the contract made and blob gas follow from other fields: a node
    that says otherwise lies.

    Arbitrum charges by rules of its own; its blocks (known by their transaction types) are exempt.
    """
    if any(map(has_own_rules, block.transactions)):
        return
    before = 0
    base_fee = int(block.base_fee_per_gas, 16) if block.base_fee_per_gas is not None else None
    for transaction, receipt in zip(block.transactions, receipts, strict=True):
        total = int(receipt.cumulative_gas_used, 16)
        if int(receipt.gas_used, 16) != total - before:
            raise ProofFailed("a receipt's gasUsed does not add up to cumulativeGasUsed")
        before = total
        price = receipt.effective_gas_price
        if price is not None and int(price, 16) != effective_price(transaction, base_fee):
            raise ProofFailed("a receipt's effectiveGasPrice does not follow from its transaction")
        made = receipt.contract_address
        if made is not None and made.lower() != created_address(transaction, receipt):
            raise ProofFailed("a receipt's contractAddress does not follow from its transaction")
        blobs = receipt.blob_gas_used if chain not in _OP_CHAINS else None  # theirs means: data
        if blobs is not None and int(blobs, 16) != (blob_gas(transaction) or 0):
            raise ProofFailed("a receipt's blobGasUsed does not follow from its transaction")
    if before != int(block.gas_used, 16):
        raise ProofFailed("the receipts' gas does not add up to the header's gasUsed")
