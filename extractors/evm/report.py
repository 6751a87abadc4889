"""What an extraction did, and how it says so while it runs."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Protocol

from extractors.evm.columns import TABLES
from extractors.evm.gaps import runs
from extractors.evm.parse import BlockFacts
from extractors.evm.proof import PARTS


class Progress(Protocol):
    """Told about each landed batch; draw what you like."""

    def started(self, chain: str, blocks_total: int) -> None:
        """Extraction begins; `blocks_total` blocks are missing."""

    def landed(self, blocks_done: int, rows_done: int, proven_ratio: float) -> None:
        """Totals so far: blocks and rows visible, share of blocks with proven receipts."""

    def refused(self, endpoint: str, block_number: int, reason: str) -> None:
        """An answer was not believed."""


@dataclass
class Extracted:
    """What was landed and what was not.

    `gaps` are wanted blocks that no endpoint gave provably, by number with the last reason;
    `proven` counts blocks by proven part; `rejected` answers were recorded in meta.rejected_rows.
    """

    chain: str
    start: int
    end: int
    blocks: int = 0
    already_there: int = 0
    rows: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(TABLES, 0)))
    proven: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(PARTS, 0)))
    rejected: int = 0
    gaps: dict[int, str] = field(default_factory=dict)
    set_aside: dict[str, str] = field(default_factory=dict)
    reorgs: int = 0
    requests: int = 0
    received_bytes: int = 0
    duration_seconds: float = 0.0
    is_interrupted: bool = False

    def add(self, facts: list[BlockFacts], rows: dict[str, int]) -> None:
        """Count blocks that became visible."""
        self.blocks += len(facts)
        self.rows.update(rows)
        for fact in facts:
            self.proven.update(fact.parts)

    @property
    def proven_ratio(self) -> dict[str, float]:
        """Share of landed blocks by proven part, 0..1."""
        return {part: self.proven[part] / self.blocks if self.blocks else 1.0 for part in PARTS}

    @property
    def is_complete(self) -> bool:
        """True when every wanted block is there."""
        return not self.gaps and not self.is_interrupted

    def summary(self) -> str:
        """Why the range is not complete and how to go on; empty when it is."""
        if self.is_interrupted:
            return (
                f"Stopped after {self.blocks} blocks of {self.chain}; they are complete and "
                "visible. Run the same command again to go on from here."
            )
        if not self.gaps:
            return ""
        spans = ", ".join(_span(r) for r in runs(list(self.gaps))[:5])
        number, reason = next(iter(self.gaps.items()))
        return (
            f"{len(self.gaps)} blocks of {self.chain} stay missing ({spans}): no endpoint gave an "
            f"answer that could be proven. Block {number}: {reason}. Add another RPC URL or run "
            "the same command again later."
        )


def _span(run: range) -> str:
    return str(run.start) if len(run) == 1 else f"{run.start}:{run.stop}"
