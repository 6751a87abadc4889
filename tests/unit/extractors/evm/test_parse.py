"""Raw replies into proven columns: what is no answer is refused, block by block where possible."""

import msgspec
import pyarrow as pa
import pytest

from extractors.evm.parse import Answer, parse_answer
from oracul.errors import BadReply
from tests.fixtures.toy_chain import toy_chain

CHAIN = toy_chain(3, start=10)
NUMBERS = tuple(b.number for b in CHAIN)


def batch(results, ids=None):
    ids = range(len(results)) if ids is None else ids
    return msgspec.json.encode(
        [{"jsonrpc": "2.0", "id": i, "result": msgspec.Raw(r)} for i, r in zip(ids, results)]  # noqa: B905
    )


BLOCKS = [b.block for b in CHAIN]
RECEIPTS = [b.receipts for b in CHAIN]


def parse(block_body=None, receipt_body=None, numbers=NUMBERS, **fields):
    bodies = (batch(RECEIPTS) if receipt_body is None else receipt_body,)
    answer = Answer(
        "devnet", "node", numbers, batch(BLOCKS) if block_body is None else block_body, bodies
    )
    return parse_answer(msgspec.structs.replace(answer, **fields))


def table(parsed, name):
    return pa.ipc.open_stream(parsed.tables[name]).read_all()


def test_answer_becomes_rows_of_all_blocks():
    parsed = parse()
    assert [f.number for f in parsed.facts] == list(NUMBERS)
    assert {name: table(parsed, name).num_rows for name in parsed.tables} == {
        "logs": 3,
        "transactions": 3,
        "withdrawals": 0,
        "blocks": 3,
    }


def test_replies_in_another_order_are_sorted_by_id():
    parsed = parse(batch(BLOCKS[::-1], ids=[2, 1, 0]))
    assert [f.hash for f in parsed.facts] == [b.hash for b in CHAIN]


@pytest.mark.parametrize("ids", [[0, 1, 3], [0, 1, 1], [0, 1], [0, 1, "2"], [7, 8, 9]])
def test_wrong_ids_are_a_bad_reply(ids):
    with pytest.raises(BadReply, match="ids"):
        parse(batch(BLOCKS, ids))


def test_truncated_body_is_a_bad_reply():
    with pytest.raises(BadReply, match="cut"):
        parse(batch(BLOCKS)[:-50])


def test_null_block_is_missing_and_harms_no_other():
    parsed = parse(batch([BLOCKS[0], b"null", BLOCKS[2]]))
    assert [f.number for f in parsed.facts] == [10, 12]
    assert [(r.number, r.kind) for r in parsed.refusals] == [(11, "missing")]


def test_block_of_another_number_is_refused():
    parsed = parse(batch([BLOCKS[0], BLOCKS[0], BLOCKS[2]]))
    assert [(r.number, r.kind) for r in parsed.refusals] == [(11, "bad")]


def test_block_of_another_shape_harms_no_other():
    broken = msgspec.json.encode({**msgspec.json.decode(BLOCKS[1]), "transactions": "none"})
    parsed = parse(batch([BLOCKS[0], broken, BLOCKS[2]]))
    assert [f.number for f in parsed.facts] == [10, 12]
    assert parsed.refusals[0].kind == "bad"


def test_receipts_of_another_block_do_not_prove():
    parsed = parse(receipt_body=batch([RECEIPTS[1], RECEIPTS[1], RECEIPTS[2]]))
    assert [(r.number, r.kind) for r in parsed.refusals] == [(10, "mixed")]


def test_error_of_the_node_carries_its_code():
    body = msgspec.json.encode(
        [
            {"id": i, "error": {"code": -32601, "message": "no such method"}}
            for i in range(len(NUMBERS))
        ]
    )
    parsed = parse(receipt_body=body)
    assert {(r.kind, r.code) for r in parsed.refusals} == {("error", -32601)}


def test_single_receipts_are_put_together():
    singles = [
        bytes(r) for body in RECEIPTS for r in msgspec.json.decode(body, type=list[msgspec.Raw])
    ]
    parsed = parse(
        receipt_bodies=(batch(singles[:2]), batch(singles[2:], ids=[2])), receipt_counts=(1, 1, 1)
    )
    assert len(parsed.facts) == 3
    assert table(parsed, "logs") == table(parse(), "logs")


def test_value_that_does_not_fit_refuses_only_its_block():
    receipts = msgspec.json.decode(RECEIPTS[1])
    receipts[0]["depositNonce"] = "0x1" + "0" * 16
    parsed = parse(receipt_body=batch([RECEIPTS[0], msgspec.json.encode(receipts), RECEIPTS[2]]))
    assert [f.number for f in parsed.facts] == [10, 12]
    assert "64 bits" in parsed.refusals[0].reason
