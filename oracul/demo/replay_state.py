"""What a replayed node answers to one call, from memory. Pure but for its view and counts."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from oracul.demo.recording import MAIN, RecordedBlock, RecordedCall, Recording


@dataclass(frozen=True)
class HttpFault:
    """Answer the whole HTTP request like this instead.

    `cut_after` closes the connection after that many bytes of the announced body.
    """

    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut_after: int | None = None


# (method, params, result as JSON) → other JSON, an HttpFault, or None to leave it as it is.
Fault = Callable[[str, list[Any], bytes], "bytes | HttpFault | None"]


class View(msgspec.Struct, frozen=True, kw_only=True):
    """What the node claims to know. `safe`/`finalized` None = it does not serve the tag."""

    head: int
    branch: str = MAIN
    safe: int | None = None
    finalized: int | None = None
    block_receipts: bool = True
    transaction_receipts: bool = True
    syncing: bool = False
    chain_id: int


class RpcFailure(Exception):
    """A JSON-RPC error to answer with."""

    def __init__(self, code: int, message: str, data: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.data = code, message, data


class _Tx(msgspec.Struct):
    hash: str


class _BlockTxs(msgspec.Struct):
    transactions: list[_Tx]


class _ReceiptTx(msgspec.Struct):
    transactionHash: str  # noqa: N815 — the JSON's own name


class ReplayState:
    """A recording and the part of it that is visible now."""

    def __init__(self, recording: Recording, view: View) -> None:
        self.view = view
        self.counts: Counter[str] = Counter()
        self.codes = {k.lower(): v for k, v in recording.codes.items()}
        self._calls: dict[tuple[str, str, int | None], RecordedCall] = {
            (c.to.lower(), c.data.lower(), c.block_number): c for c in recording.calls
        }
        self._by_hash = {b.hash: b for b in recording.blocks}
        self._branches: dict[str, dict[int, RecordedBlock]] = {MAIN: {}}
        for block in recording.blocks:
            self._branches.setdefault(block.branch, {})[block.number] = block
        self._forks = {name: min(blocks) for name, blocks in self._branches.items() if blocks}
        self._light: dict[str, bytes] = {}
        self._receipts: dict[str, tuple[RecordedBlock, bytes]] | None = None

    def answer(self, method: str, params: list[Any]) -> bytes:
        """JSON of the result. Raises RpcFailure."""
        self.counts[method] += 1
        handler = _METHODS.get(method)
        if handler is None:
            raise RpcFailure(-32601, f"the method {method} does not exist/is not available")
        return handler(self, *params)

    def block_at(self, number: int) -> RecordedBlock | None:
        """Visible block of a number, on the branch of the view."""
        if number > self.view.head:
            return None
        fork = self._forks.get(self.view.branch, 0)
        branch = self.view.branch if number >= fork else MAIN
        return self._branches.get(branch, {}).get(number)

    def _number(self, tag: str) -> int | None:
        if tag in ("latest", "pending"):
            return self.view.head
        if tag == "earliest":
            return min(self._branches[MAIN], default=0)
        if tag in ("safe", "finalized"):
            number = self.view.safe if tag == "safe" else self.view.finalized
            if number is None:
                raise RpcFailure(-39001, f"{tag} block not found")
            return number
        return int(tag, 16)

    def _visible(self, block: RecordedBlock | None) -> RecordedBlock | None:
        return block if block is not None and self.block_at(block.number) == block else None

    def _block_json(self, block: RecordedBlock | None, full: bool) -> bytes:
        if block is None:
            return b"null"
        if full:
            return block.block
        light = self._light.get(block.hash)
        if light is None:
            fields = msgspec.json.decode(block.block, type=dict[str, msgspec.Raw])
            hashes = [t.hash for t in msgspec.json.decode(block.block, type=_BlockTxs).transactions]
            fields["transactions"] = msgspec.Raw(msgspec.json.encode(hashes))
            light = self._light[block.hash] = msgspec.json.encode(fields)
        return light

    def _chain_id(self) -> bytes:
        return b'"0x%x"' % self.view.chain_id

    def _net_version(self) -> bytes:
        return b'"%d"' % self.view.chain_id

    def _client_version(self) -> bytes:
        return b'"oracul-replay/1"'

    def _syncing(self) -> bytes:
        if not self.view.syncing:
            return b"false"
        return b'{"startingBlock":"0x0","currentBlock":"0x%x","highestBlock":"0x%x"}' % (
            self.view.head,
            self.view.head + 1000,
        )

    def _block_number(self) -> bytes:
        return b'"0x%x"' % self.view.head

    def _block_by_number(self, tag: str, full: bool = False) -> bytes:
        number = self._number(tag)
        return self._block_json(self.block_at(number) if number is not None else None, full)

    def _block_by_hash(self, block_hash: str, full: bool = False) -> bytes:
        # Like a real node: a block of another branch is still known by its hash.
        return self._block_json(self._by_hash.get(block_hash), full)

    def _block_receipts(self, tag: str) -> bytes:
        if not self.view.block_receipts:
            raise RpcFailure(
                -32601, "the method eth_getBlockReceipts does not exist/is not available"
            )
        if len(tag) == 66:
            block = self._by_hash.get(tag)
        else:
            number = self._number(tag)
            block = self.block_at(number) if number is not None else None
        return block.receipts if block is not None and block.receipts is not None else b"null"

    def _transaction_receipt(self, tx_hash: str) -> bytes:
        if not self.view.transaction_receipts:
            raise RpcFailure(
                -32601, "the method eth_getTransactionReceipt does not exist/is not available"
            )
        if self._receipts is None:
            self._receipts = _receipts_by_hash(tuple(self._by_hash.values()))
        found = self._receipts.get(f"{self.view.branch}/{tx_hash}") or self._receipts.get(
            f"{MAIN}/{tx_hash}"
        )
        return found[1] if found is not None and self._visible(found[0]) else b"null"

    def _code(self, address: str, tag: str = "latest") -> bytes:
        return msgspec.json.encode(self.codes.get(address.lower(), "0x"))

    def _call(self, call: dict[str, Any], tag: str = "latest") -> bytes:
        to = str(call.get("to", "")).lower()
        data = str(call.get("data") or call.get("input") or "0x").lower()
        number = self._number(tag)
        found = self._calls.get((to, data, number)) or self._calls.get((to, data, None))
        if found is None:
            if self.codes.get(to, "0x") == "0x":
                return b'"0x"'
            raise RpcFailure(3, "execution reverted", "0x")
        if found.result is None:
            raise RpcFailure(found.error_code, found.error_message, "0x")
        return msgspec.json.encode(found.result)


_METHODS: dict[str, Callable[..., bytes]] = {
    "eth_chainId": ReplayState._chain_id,
    "net_version": ReplayState._net_version,
    "web3_clientVersion": ReplayState._client_version,
    "eth_syncing": ReplayState._syncing,
    "eth_blockNumber": ReplayState._block_number,
    "eth_getBlockByNumber": ReplayState._block_by_number,
    "eth_getBlockByHash": ReplayState._block_by_hash,
    "eth_getBlockReceipts": ReplayState._block_receipts,
    "eth_getTransactionReceipt": ReplayState._transaction_receipt,
    "eth_getCode": ReplayState._code,
    "eth_call": ReplayState._call,
}


def _receipts_by_hash(blocks: Sequence[RecordedBlock]) -> dict[str, tuple[RecordedBlock, bytes]]:
    index = {}
    for block in blocks:
        if block.receipts is None:
            continue
        for raw in msgspec.json.decode(block.receipts, type=list[msgspec.Raw]):
            name = msgspec.json.decode(raw, type=_ReceiptTx).transactionHash
            index[f"{block.branch}/{name}"] = (block, bytes(raw))
    return index
