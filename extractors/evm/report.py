"""What an extraction did, for people and for the steps after it."""

from collections import Counter
from dataclasses import dataclass, field

from extractors.evm.columns import TABLES
from extractors.evm.gaps import runs
from extractors.evm.parse import BlockFacts
from extractors.evm.proof import PARTS
from oracul.errors import BudgetSpent
from oracul.units import compact, plural


@dataclass
class Extracted:
    """What was landed and what was not.

    `gaps` are wanted blocks that no endpoint gave provably, by number with the last reason;
    `proven` counts blocks by proven part; `rejected` answers are in meta.rejected_rows, `reasons`
    counts why; `already_there` is how many of [start, end) had a pointer before; `heads_apart` says
    which endpoints name heads that do not fit together; `spent` that the day's budget ended it.
    """

    chain: str
    start: int
    end: int
    blocks: int = 0
    already_there: int = 0
    rows: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(TABLES, 0)))
    proven: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(PARTS, 0)))
    rejected: int = 0
    heads_apart: str = ""
    gaps: dict[int, str] = field(default_factory=dict)
    set_aside: dict[str, str] = field(default_factory=dict)
    reorgs: int = 0
    requests: int = 0
    received_bytes: int = 0
    duration_seconds: float = 0.0
    is_interrupted: bool = False
    spent: BudgetSpent | None = None
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, facts: list[BlockFacts], rows: dict[str, int]) -> None:
        """Count blocks that became visible."""
        self.blocks += len(facts)
        self.rows.update(rows)
        for fact in facts:
            self.proven.update(fact.parts)

    def include(self, part: "Extracted") -> None:
        """Add what another run landed of the same stretch; what was there before is not counted."""
        self.blocks += part.blocks
        self.rows.update(part.rows)
        self.proven.update(part.proven)
        self.reasons.update(part.reasons)
        self.gaps |= part.gaps
        self.set_aside |= part.set_aside
        self.heads_apart = part.heads_apart or self.heads_apart
        self.rejected += part.rejected
        self.reorgs += part.reorgs
        self.requests += part.requests
        self.received_bytes += part.received_bytes
        self.duration_seconds += part.duration_seconds

    @property
    def proven_ratio(self) -> dict[str, float]:
        """Share of landed blocks by proven part, 0..1."""
        return {part: self.proven[part] / self.blocks if self.blocks else 1.0 for part in PARTS}

    @property
    def degraded(self) -> list[str]:
        """What is less than asked, each with what to do; empty when all is well."""
        faults = [f"{name} was set aside: {why}" for name, why in self.set_aside.items()]
        if self.heads_apart:
            faults.append(self.heads_apart)
        if self.spent:
            faults.append(str(self.spent).rstrip("."))
        if self.gaps:
            spans = ", ".join(_span(r) for r in runs(list(self.gaps))[:5])
            number, reason = next(iter(self.gaps.items()))
            faults.append(
                f"{plural(len(self.gaps), 'block')} stay missing ({spans}), since no endpoint gave "
                f"an answer that could be proven; block {number}: {reason}. Add another RPC URL or "
                "run the same command again later"
            )
        return faults

    def for_today(self, spent: BudgetSpent) -> BudgetSpent:
        """The error of a run that the day's budget ended, saying what it did until then."""
        landed = f"{plural(self.blocks, 'block')} of {self.chain} landed"
        return BudgetSpent(f"{landed}. {spent.message}", hint=spent.hint)

    @property
    def sentence(self) -> str:
        """The run in one line."""
        if self.blocks:
            share = self.proven["receipts"] / self.blocks
            rate = self.blocks / max(self.duration_seconds, 1e-3)
            text = (
                f"{plural(self.blocks, 'block')} of {self.chain} landed, {share:.0%} proven, "
                f"{self.rows.total():,} rows, {compact(rate)} blocks/s"
            )
        else:
            text = f"nothing {'landed' if self.spent else 'new'} on {self.chain}"
        if self.reorgs:
            text += f"; {plural(self.reorgs, 'change')} of branch followed"
        if self.rejected:
            text += f"; {plural(self.rejected, 'answer')} not believed"
        return "; ".join([text, *self.degraded])


def _span(run: range) -> str:
    return str(run.start) if len(run) == 1 else f"{run.start}:{run.stop}"
