"""Endpoints that misbehave on purpose, as fault functions of the replay server. No IO."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import msgspec

from oracul.demo.replay_state import HttpFault


@dataclass
class Tampering:
    """Falsifies receipts of chosen blocks: leaves a log out, or turns a failure to success.

    Both keep the answer well-formed: only a recomputed receipts root tells.
    """

    omits_a_log: Collection[int]
    edits_a_status: Collection[int]

    def __call__(self, method: str, params: list[Any], result: bytes) -> bytes | None:
        """The falsified JSON of the result, or None to leave it as it is."""
        if method != "eth_getBlockReceipts" or result in (b"null", b"[]"):
            return None
        receipts = msgspec.json.decode(result, type=list[dict[str, Any]])
        number = int(receipts[0]["blockNumber"], 16)
        if number in self.omits_a_log:
            changed = _without_last_log(receipts)
        elif number in self.edits_a_status:
            changed = _without_failure(receipts)
        else:
            return None
        return msgspec.json.encode(receipts) if changed else None


def _without_last_log(receipts: list[dict[str, Any]]) -> bool:
    for receipt in reversed(receipts):
        if receipt["logs"]:
            receipt["logs"].pop()
            return True
    return False


def _without_failure(receipts: list[dict[str, Any]]) -> bool:
    for receipt in receipts:
        if receipt["status"] == "0x0":
            receipt["status"] = "0x1"
            return True
    return False


@dataclass
class RateLimiting:
    """Answers 429 with `Retry-After` in place of every `every`-th call."""

    every: int
    retry_after_seconds: int = 1
    _calls: int = field(default=0, init=False)

    def __call__(self, method: str, params: list[Any], result: bytes) -> HttpFault | None:
        """The refusal, or None to let the call pass."""
        self._calls += 1
        if self._calls % self.every:
            return None
        headers = {"retry-after": str(self.retry_after_seconds)}
        return HttpFault(429, headers, b'{"error":"too many requests"}')
