"""The questions to a token contract as JSON-RPC calls, and what the replies mean. Pure."""

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from extractors.evm.structs import AnyReply
from oracul.errors import BadReply

# How nodes say that the contract's code failed (and not the node): that is an answer.
_EVM_FAILURE = re.compile(
    r"revert|invalid opcode|bad instruction|undefined instruction|out ?of ?gas"
    r"|stack (under|over)flow|stack limit|invalid jump|bad jump|vm execution|vm exception"
    r"|evm error|execution (failed|error)|write protection|gas uint64 overflow"
    r"|return data out of bounds|max code size",
    re.IGNORECASE,
)
# How nodes say that they do not have the state of that block (any more, or yet).
_NO_STATE = re.compile(
    r"missing trie node|state .*(not available|unavailable|pruned|missing)|pruned|archive"
    r"|historical state|(header|block) .*not found|unknown block|required historical",
    re.IGNORECASE,
)
REVERT_CODE = 3


class NoState(BadReply):
    """The node does not have the state of the block that was asked for."""


def call(token: str, selector: str, block_number: int) -> tuple[str, list[Any]]:
    """`eth_call` of a function without arguments at a block."""
    return "eth_call", [{"to": token, "data": selector}, hex(block_number)]


def code_call(token: str, block_number: int) -> tuple[str, list[Any]]:
    """`eth_getCode` at a block."""
    return "eth_getCode", [token, hex(block_number)]


def answer_of(reply: AnyReply) -> str | None:
    """Hex data of a reply; None when the contract's code failed.

    Raises NoState when the node lacks the block's state, BadReply for any other error: a node's
    trouble must not become a fact about the token.
    """
    if reply.error is not None:
        code, message = reply.error.code, reply.error.message
        if code == REVERT_CODE or _EVM_FAILURE.search(message):
            return None
        shown = " ".join(message.split())[:160]
        if _NO_STATE.search(message):
            raise NoState(f"the node lacks the block's state: {shown} ({code})")
        raise BadReply(f"the node did not run the call: {shown} ({code})")
    try:
        return msgspec.json.decode(reply.result, type=str)
    except msgspec.DecodeError:
        raise BadReply("the node answered a call with something that is not hex data") from None


def answers_of(replies: Iterable[AnyReply]) -> list[str | None]:
    """`answer_of` each; raises for the first that is no answer."""
    return [answer_of(reply) for reply in replies]
