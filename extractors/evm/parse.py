"""Raw JSON-RPC replies → proven columns. Pure, so that worker processes run it as well as we do.

One job is what one endpoint answered for a few blocks: a batch of blocks, and either a batch of
their receipts or, for nodes without eth_getBlockReceipts, batches of single receipts.
"""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import msgspec
import pyarrow as pa

from extractors.evm.columns import Proven, to_tables
from extractors.evm.hexcolumns import FieldError
from extractors.evm.proof import prove
from extractors.evm.structs import (
    AnyReply,
    Block,
    BlockReply,
    Header,
    Receipt,
    ReceiptPlacesReply,
    ReceiptReply,
    ReceiptsReply,
    RpcError,
)
from oracul.errors import BadReply, ProofFailed

_PAYLOAD_SHOWN = 2048
Kind = Literal["missing", "error", "bad", "mixed", "proof"]


class Answer(msgspec.Struct, frozen=True):
    """Bodies of one endpoint's replies. Request ids are positions: block i of `numbers` has id i,
    its receipts too; with `receipt_counts`, the receipts are single ones, numbered over all blocks.
    """

    chain: str
    source: str
    numbers: tuple[int, ...]
    block_body: bytes
    receipt_bodies: tuple[bytes, ...]
    receipt_counts: tuple[int, ...] | None = None
    wants_proof: bool = True


class BlockFacts(msgspec.Struct, frozen=True):
    """What was proven of one block, for landing it and reading it back."""

    number: int
    hash: str
    parent_hash: str
    timestamp: int
    transactions: int
    logs: int
    withdrawals: int
    parts: tuple[str, ...]
    source: str = ""


class Refusal(msgspec.Struct, frozen=True):
    """Why the answer for a block was not taken: `missing` (null), `error` (the node's own, with its
    code), `bad` (not an answer to the question), `mixed` (the receipts say that they are another
    block's: the branch changed between two requests) or `proof` (contradicts the header).
    """

    number: int
    kind: Kind
    reason: str
    code: int = 0
    payload: str = ""


class Parsed(msgspec.Struct, frozen=True):
    """Tables of the accepted blocks as Arrow IPC streams, facts of each, and refusals."""

    tables: dict[str, bytes]
    facts: tuple[BlockFacts, ...]
    refusals: tuple[Refusal, ...]


class BadBody(BadReply):
    """One of an answer's bodies cannot be read: `place` 0 is that of the blocks, the others those
    of the receipts in their order.
    """

    def __init__(self, message: str, *, place: int = 0, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.place = place


class Refused(Exception):
    """One block of an answer is not taken."""

    def __init__(self, kind: Kind, reason: str, *, code: int = 0, payload: str = "") -> None:
        super().__init__(reason)
        self.kind, self.reason, self.code, self.payload = kind, reason, code, payload


def parse_answer(answer: Answer) -> Parsed:
    """Decode, prove and lay out in columns. Raises BadBody when a whole body is no answer."""
    count = len(answer.numbers)
    blocks = _in_order(answer.block_body, _block, count)
    receipts = _receipts_of(answer)
    accepted: list[tuple[int, Proven]] = []
    refusals: list[Refusal] = []
    for number, block, its_receipts in zip(answer.numbers, blocks, receipts, strict=True):
        try:
            accepted.append((number, _accept(answer, number, block, its_receipts)))
        except Refused as refused:
            refusals.append(_refusal(number, refused))
    try:
        tables = to_tables(answer.chain, [proven for _, proven in accepted])
    except FieldError:
        accepted = _only_those_that_fit(answer.chain, accepted, refusals)
        tables = to_tables(answer.chain, [proven for _, proven in accepted])
    return Parsed(
        {name: ipc_stream(table) for name, table in tables.items()} if accepted else {},
        tuple(_facts(number, proven) for number, proven in accepted),
        tuple(refusals),
    )


def _accept(
    answer: Answer,
    number: int,
    block: BlockReply | Refused,
    receipts: list[Receipt] | Refused,
) -> Proven:
    if isinstance(block, Refused):
        raise block
    if block.error is not None:
        raise _node_error(block.error)
    if block.result is None:
        raise Refused("missing", "the node does not have this block")
    if isinstance(receipts, Refused):
        raise receipts
    if quantity(block.result.number) != number:
        raise Refused("bad", f"block {block.result.number[:20]} came instead of {number:#x}")
    if not answer.wants_proof:
        return Proven(block.result, receipts, (), answer.source)
    try:
        parts = prove(block.result, receipts, answer.chain)
    except ProofFailed as failure:
        kind: Kind = "mixed" if _are_of_another_block(answer, number, block.result) else "proof"
        raise Refused(kind, failure.message, payload=_shown(block.result, receipts)) from None
    return Proven(block.result, receipts, parts, answer.source)


def _are_of_another_block(answer: Answer, number: int, block: Block) -> bool:
    """True when all receipts name one and the same other block, or are none: of an empty one."""
    if answer.receipt_counts is not None:
        return False
    # Decoded again, and only here: proven receipts need not say whose they are.
    replies = _in_order(answer.receipt_bodies[0], _receipt_places, len(answer.numbers))
    reply = replies[answer.numbers.index(number)]
    if isinstance(reply, Refused) or reply.result is None:
        return False
    named = {place.block_hash for place in reply.result}
    return len(named) <= 1 and block.hash not in named


def _receipts_of(answer: Answer) -> list[list[Receipt] | Refused]:
    count = len(answer.numbers)
    if answer.receipt_counts is None:
        replies = _in_order(answer.receipt_bodies[0], _receipt_list, count, place=1)
        return [_result(reply, "the node does not have this block's receipts") for reply in replies]
    singles: list[Any] = []
    for place, body in enumerate(answer.receipt_bodies, start=1):
        singles += _in_order(body, _receipt, None, first_id=len(singles), place=place)
    taken, lists = 0, []
    for wanted in answer.receipt_counts:
        lists.append(_joined(singles[taken : taken + wanted], wanted))
        taken += wanted
    return lists


def _joined(replies: list[Any], wanted: int) -> list[Receipt] | Refused:
    receipts = []
    for reply in replies:
        receipt = _result(reply, "the node does not have a transaction's receipt")
        if isinstance(receipt, Refused):
            return receipt
        receipts.append(receipt)
    if len(receipts) != wanted:
        return Refused("bad", f"{len(receipts)} receipts came for {wanted} transactions")
    return receipts


def _result(reply: Any, missing: str) -> Any:
    if isinstance(reply, Refused):
        return reply
    if reply.error is not None:
        return _node_error(reply.error)
    return Refused("missing", missing) if reply.result is None else reply.result


def _node_error(error: RpcError) -> Refused:
    message = " ".join(error.message.split())[:200]
    return Refused("error", f"the node says: {message} ({error.code})", code=error.code)


class _Element(NamedTuple):
    """How to decode a batch at once, and one element of it where that fails."""

    batch: msgspec.json.Decoder[Any]
    single: msgspec.json.Decoder[Any]


_block = _Element(msgspec.json.Decoder(list[BlockReply]), msgspec.json.Decoder(BlockReply))
_receipt_list = _Element(
    msgspec.json.Decoder(list[ReceiptsReply]), msgspec.json.Decoder(ReceiptsReply)
)
_receipt_places = _Element(
    msgspec.json.Decoder(list[ReceiptPlacesReply]), msgspec.json.Decoder(ReceiptPlacesReply)
)
_receipt = _Element(msgspec.json.Decoder(list[ReceiptReply]), msgspec.json.Decoder(ReceiptReply))
_raw_batch = msgspec.json.Decoder(list[msgspec.Raw])
_any = msgspec.json.Decoder(AnyReply)


# A decoder recurses into what is nested, and may be told to read a page of open brackets.
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def _in_order(
    body: bytes, element: _Element, count: int | None, first_id: int = 0, place: int = 0
) -> list[Any]:
    """Replies sorted by id; an element of the wrong shape becomes Refused.

    Raises BadBody for a body that is not a batch, or whose ids are not exactly those asked for.
    """
    try:
        replies = element.batch.decode(body)
        ids = [reply.id for reply in replies]
    except msgspec.ValidationError:
        ids, replies = _one_by_one(body, element, place)
    except UNREADABLE as error:
        raise BadBody(f"the reply is cut or not JSON ({error})", place=place) from None
    wanted = range(first_id, first_id + (len(ids) if count is None else count))
    if ids == list(wanted):
        return list(replies)
    by_id = dict(zip(ids, replies, strict=True))
    if len(by_id) != len(ids) or set(by_id) != set(wanted):
        raise BadBody("the ids of the reply are not those of the request", place=place)
    return [by_id[i] for i in wanted]


def _one_by_one(body: bytes, element: _Element, place: int) -> tuple[list[Any], list[Any]]:
    try:
        raws = _raw_batch.decode(body)
        ids = [_any.decode(raw).id for raw in raws]
    except UNREADABLE as error:
        raise BadBody(f"the reply is not a JSON-RPC batch ({error})", place=place) from None
    replies: list[Any] = []
    for raw in raws:
        try:
            replies.append(element.single.decode(raw))
        except UNREADABLE as error:
            replies.append(Refused("bad", f"the answer has another shape: {error}"))
    return ids, replies


def _only_those_that_fit(
    chain: str, accepted: list[tuple[int, Proven]], refusals: list[Refusal]
) -> list[tuple[int, Proven]]:
    fitting = []
    for number, proven in accepted:
        try:
            to_tables(chain, [proven])
        except FieldError as error:
            refusals.append(_refusal(number, Refused("bad", f"a value does not fit: {error}")))
        else:
            fitting.append((number, proven))
    return fitting


def _facts(number: int, proven: Proven) -> BlockFacts:
    block = proven.block
    return BlockFacts(
        number=number,
        # Some nodes write digits in upper case; the columns hold them in lower case.
        hash=block.hash.lower(),
        parent_hash=block.parent_hash.lower(),
        timestamp=quantity(block.timestamp),
        transactions=len(proven.receipts),
        logs=sum(len(r.logs) for r in proven.receipts),
        withdrawals=len(block.withdrawals or ()),
        parts=proven.parts,
        source=proven.source,
    )


def quantity(text: str) -> int:
    """Integer of a JSON-RPC quantity. Raises Refused when it is none."""
    if text[:2] != "0x" or not text[2:].isalnum() or not text.isascii():
        raise Refused("bad", f"not a quantity: {text[:80]!r}")
    try:
        return int(text, 16)
    except ValueError:
        raise Refused("bad", f"not a quantity: {text[:80]!r}") from None


def _refusal(number: int, refused: Refused) -> Refusal:
    return Refusal(number, refused.kind, refused.reason, refused.code, refused.payload)


def _shown(block: Block, receipts: Sequence[Receipt]) -> str:
    """The beginning of a refused answer, for whoever looks into it: the header, then receipts."""
    header = {name: getattr(block, name) for name in Header.__struct_fields__}
    header["logs_bloom"] = f"{block.logs_bloom[:18]}…"
    shown = msgspec.json.encode({"header": header, "receipts": receipts[:4]})
    return shown[:_PAYLOAD_SHOWN].decode("utf-8", "ignore")


def ipc_stream(table: pa.Table) -> bytes:
    """A table as an Arrow IPC stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()
