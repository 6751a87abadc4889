"""The parts of JSON-RPC answers that are proven or landed, as typed structs.

Fields that follow from a position (transaction and log index, the block a receipt belongs to) are
not read: they are derived, so that nobody can lie about them. Text stays hex text (`0x…`).
"""

import msgspec
from msgspec import field


class Log(msgspec.Struct, rename="camel", gc=False):
    """One event log, in the order of the receipt."""

    address: str
    topics: list[str]
    data: str


class Receipt(msgspec.Struct, rename="camel", gc=False):
    """What executing a transaction did. `root` instead of `status` before Byzantium."""

    transaction_hash: str
    cumulative_gas_used: str
    logs: list[Log]
    gas_used: str
    status: str | None = None
    root: str | None = None
    type: str | None = None
    logs_bloom: str | None = None
    effective_gas_price: str | None = None
    contract_address: str | None = None
    blob_gas_used: str | None = None
    blob_gas_price: str | None = None
    l1_fee: str | None = None
    deposit_nonce: str | None = None
    deposit_receipt_version: str | None = None


class Access(msgspec.Struct, rename="camel", gc=False):
    """An entry of an access list (EIP-2930)."""

    address: str
    storage_keys: list[str]


class Authorization(msgspec.Struct, rename="camel", gc=False):
    """An entry of an authorization list (EIP-7702)."""

    chain_id: str
    address: str
    nonce: str
    r: str
    s: str
    y_parity: str | None = None
    v: str | None = None


class Transaction(msgspec.Struct, rename="camel", gc=False):
    """One transaction as signed. Deposits of the OP stack have `source_hash` instead of v, r, s."""

    hash: str
    sender: str = field(name="from")
    nonce: str
    gas: str
    value: str
    input: str
    to: str | None = None
    type: str | None = None
    gas_price: str | None = None
    max_fee_per_gas: str | None = None
    max_priority_fee_per_gas: str | None = None
    max_fee_per_blob_gas: str | None = None
    chain_id: str | None = None
    v: str | None = None
    r: str | None = None
    s: str | None = None
    y_parity: str | None = None
    access_list: list[Access] | None = None
    blob_versioned_hashes: list[str] | None = None
    authorization_list: list[Authorization] | None = None
    source_hash: str | None = None
    mint: str | None = None
    is_system_tx: bool | None = None


class Withdrawal(msgspec.Struct, rename="camel", gc=False):
    """A withdrawal of a validator; `amount` in gwei."""

    index: str
    validator_index: str
    address: str
    amount: str


class Header(msgspec.Struct, rename="camel", gc=False):
    """A block's header. The optional fields came with later forks, in this order."""

    hash: str
    number: str
    parent_hash: str
    timestamp: str
    sha3_uncles: str
    miner: str
    state_root: str
    transactions_root: str
    receipts_root: str
    logs_bloom: str
    difficulty: str
    gas_limit: str
    gas_used: str
    extra_data: str
    mix_hash: str | None = None
    nonce: str | None = None
    base_fee_per_gas: str | None = None
    withdrawals_root: str | None = None
    blob_gas_used: str | None = None
    excess_blob_gas: str | None = None
    parent_beacon_block_root: str | None = None
    requests_hash: str | None = None
    size: str | None = None


class Block(Header, kw_only=True, rename="camel", gc=False):
    """A header with its transactions (full objects) and withdrawals, where the node sends them."""

    transactions: list[Transaction]
    withdrawals: list[Withdrawal] | None = None


class RpcError(msgspec.Struct):
    """The error of one call."""

    code: int = 0
    message: str = ""


class BlockReply(msgspec.Struct):
    """One element of a batch of eth_getBlockByNumber."""

    id: int | str | None = None
    result: Block | None = None
    error: RpcError | None = None


class ReceiptsReply(msgspec.Struct):
    """One element of a batch of eth_getBlockReceipts."""

    id: int | str | None = None
    result: list[Receipt] | None = None
    error: RpcError | None = None


class ReceiptPlace(msgspec.Struct, rename="camel"):
    """Only the block that a receipt says it belongs to."""

    block_hash: str = ""


class ReceiptPlacesReply(msgspec.Struct):
    """One element of a batch of eth_getBlockReceipts, read for the receipts' blocks only."""

    id: int | str | None = None
    result: list[ReceiptPlace] | None = None
    error: RpcError | None = None


class ReceiptReply(msgspec.Struct):
    """One element of a batch of eth_getTransactionReceipt."""

    id: int | str | None = None
    result: Receipt | None = None
    error: RpcError | None = None


class AnyReply(msgspec.Struct):
    """Any reply, its result unread."""

    id: int | str | None = None
    result: msgspec.Raw = msgspec.Raw(b"null")
    error: RpcError | None = None


class TxHash(msgspec.Struct):
    """Only the hash of a transaction."""

    hash: str


class BlockTxHashes(msgspec.Struct, rename="camel"):
    """Only a block's transaction hashes."""

    hash: str
    transactions: list[TxHash]


class BlockTxHashesReply(msgspec.Struct):
    """One element of a batch of blocks, read for its transaction hashes only."""

    id: int | str | None = None
    result: BlockTxHashes | None = None
    error: RpcError | None = None


class BlockTime(msgspec.Struct):
    """When a block was made."""

    timestamp: str


class BlockName(msgspec.Struct, rename="camel"):
    """Number, hash and parent of a block."""

    number: str
    hash: str
    parent_hash: str
