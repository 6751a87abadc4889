"""What a node's reply to a token call means."""

import msgspec
import pytest

from extractors.evm.structs import AnyReply, RpcError
from extractors.evm.token_calls import NoState, answer_of, call
from oracul.errors import BadReply


def failed(message: str, code: int = -32000) -> AnyReply:
    return AnyReply(id=1, error=RpcError(code, message))


def test_call_asks_at_a_block() -> None:
    assert call("0xabc", "0x06fdde03", 18) == (
        "eth_call",
        [{"to": "0xabc", "data": "0x06fdde03"}, "0x12"],
    )


@pytest.mark.parametrize(
    "reply",
    [
        failed("execution reverted: missing trie node", 3),
        failed("execution reverted: rate limit exceeded"),
        failed("invalid opcode: INVALID"),
        failed("out of gas"),
        failed("VM Exception while processing transaction: revert"),
        failed("stack underflow (0 <=> 1)"),
    ],
)
def test_answer_of_is_none_when_the_contract_failed(reply: AnyReply) -> None:
    assert answer_of(reply) is None


@pytest.mark.parametrize(
    "message",
    ["missing trie node 12ab (path )", "header not found", "state 0x1 is not available", "pruned"],
)
def test_answer_of_tells_a_node_without_the_state(message: str) -> None:
    with pytest.raises(NoState):
        answer_of(failed(message))


@pytest.mark.parametrize(
    "reply",
    [
        failed("internal error"),
        failed("method not found", -32601),
        AnyReply(id=1, result=msgspec.Raw(b"null")),
        AnyReply(id=1, result=msgspec.Raw(b"{}")),
    ],
)
def test_answer_of_does_not_take_a_nodes_trouble_for_an_answer(reply: AnyReply) -> None:
    with pytest.raises(BadReply):
        answer_of(reply)
