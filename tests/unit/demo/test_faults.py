"""The endpoints that misbehave change exactly what they are told to change."""

import msgspec
import pytest

from oracul.demo.faults import RateLimiting, Tampering
from oracul.demo.replay_state import HttpFault


@pytest.fixture(scope="session")
def tampering(manifest) -> Tampering:
    return Tampering(**manifest["endpoint_faults"])


def answer(tampering: Tampering, receipts: list[dict]) -> list[dict] | None:
    changed = tampering("eth_getBlockReceipts", [], msgspec.json.encode(receipts))
    return None if changed is None else msgspec.json.decode(changed)


def test_tampering_drops_one_log_of_each_chosen_block(tampering, main, manifest) -> None:
    for number in manifest["endpoint_faults"]["omits_a_log"]:
        honest = main.receipts[number]
        changed = answer(tampering, honest)
        assert changed is not None
        assert sum(len(r["logs"]) for r in changed) == sum(len(r["logs"]) for r in honest) - 1


def test_tampering_turns_one_failure_into_a_success(tampering, main, manifest) -> None:
    for number in manifest["endpoint_faults"]["edits_a_status"]:
        honest = main.receipts[number]
        changed = answer(tampering, honest)
        assert changed is not None
        assert sum(r["status"] == "0x0" for r in changed) == (
            sum(r["status"] == "0x0" for r in honest) - 1
        )


def test_tampering_leaves_other_blocks_alone(tampering, main, manifest) -> None:
    chosen = {number for blocks in manifest["endpoint_faults"].values() for number in blocks}
    untouched = [number for number in range(200) if number not in chosen]
    assert all(answer(tampering, main.receipts[number]) is None for number in untouched)


def test_tampering_leaves_other_methods_alone(tampering) -> None:
    assert tampering("eth_getBlockByNumber", ["0x1", True], b"{}") is None


def test_rate_limiting_refuses_every_nth_call() -> None:
    limit = RateLimiting(every=3)
    replies = [limit("eth_blockNumber", [], b'"0x1"') for _ in range(6)]
    assert [reply is not None for reply in replies] == [False, False, True] * 2


def test_rate_limiting_says_when_to_come_back() -> None:
    fault = RateLimiting(every=1, retry_after_seconds=2)("eth_blockNumber", [], b'"0x1"')
    assert isinstance(fault, HttpFault)
    assert (fault.status, fault.headers["retry-after"]) == (429, "2")
