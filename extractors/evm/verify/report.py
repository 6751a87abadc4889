"""What a verification found, for people and for the steps after it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from extractors.evm.gaps import runs
from extractors.evm.verify.verdict import DATASETS, Fault, Verdict
from oracul.errors import BudgetSpent, QualityError
from oracul.units import compact, plural

# A wider gap lies between two pieces of history that were landed on purpose.
HOLE_BLOCKS = 100_000
_FAULTS_KEPT = 10_000


@dataclass
class Verified:
    """What is stored of [start, end) of a chain.

    `counts` are blocks by (dataset, state); `faults` what does not hold, by block (the first
    10,000); `gaps` numbers without a pointer; `notes` what was not looked at, or not mended;
    `repaired` blocks that did not hold and do now; `unequal_totals` tokens whose curated transfers
    are not those of the logs; `spent` the quota that ended it before the end of the range.
    """

    chain: str
    start: int
    end: int
    blocks: int = 0
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    faults: dict[int, tuple[Fault, ...]] = field(default_factory=dict)
    broken: int = 0
    gaps: list[range] = field(default_factory=list)
    has_named_range: bool = False
    endpoints: int = 0
    notes: list[str] = field(default_factory=list)
    repaired: int = 0
    filled: int = 0
    unequal_totals: int = 0
    duration_seconds: float = 0.0
    is_interrupted: bool = False
    spent: BudgetSpent | None = None

    def add(self, verdicts: Sequence[Verdict]) -> None:
        """Count blocks that were looked at."""
        self.blocks += len(verdicts)
        for verdict in verdicts:
            self.counts.update(zip(DATASETS, verdict.states, strict=True))
            if verdict.is_broken:
                self.broken += 1
                if len(self.faults) < _FAULTS_KEPT:
                    self.faults[verdict.number] = verdict.faults

    def replace(self, verdicts: Sequence[Verdict], before: Sequence[Verdict]) -> None:
        """Take back what was said of some blocks and say it anew, after they were landed again."""
        for verdict in before:
            self.counts.subtract(zip(DATASETS, verdict.states, strict=True))
            self.faults.pop(verdict.number, None)
        self.blocks -= len(before)
        self.broken -= len(before)
        self.add(verdicts)

    @property
    def holes(self) -> list[range]:
        """Gaps that should not be: all of a range that was asked for, else those not too wide."""
        wide = 0 if self.has_named_range else HOLE_BLOCKS
        return [gap for gap in self.gaps if not wide or len(gap) <= wide]

    @property
    def missing(self) -> int:
        """Blocks in `holes`."""
        return sum(map(len, self.holes))

    @property
    def holds(self) -> bool:
        """True when nothing is broken, nothing is missing and totals add up."""
        return not self.broken and not self.missing and not self.unequal_totals

    @property
    def sentence(self) -> str:
        """The verification in one line."""
        proven = self.counts["transactions", "proven"] - self.broken
        rate = self.blocks / max(self.duration_seconds, 1e-3)
        text = f"{self.chain} {self.start}:{self.end}: {plural(self.blocks, 'block')} looked at"
        if self.blocks:
            text += f", {max(proven, 0) / self.blocks:.0%} proven in full, {compact(rate)} blocks/s"
        if self.repaired or self.filled:
            text += f"; {self.repaired:,} repaired, {self.filled:,} filled in"
        if self.broken:
            number, faults = next(iter(self.faults.items()), (0, ()))
            text += f"; {plural(self.broken, 'block')} not as proven, first {number}"
            text += f" ({faults[0].text})" if faults else ""
        if self.missing:
            spans = ", ".join(f"{gap.start}:{gap.stop}" for gap in self.holes[:5])
            text += f"; {plural(self.missing, 'block')} missing ({spans})"
        if self.unequal_totals:
            text += (
                f"; curated transfers of {plural(self.unequal_totals, 'token')} are not the logs'"
            )
        return "; ".join([text, *self.notes])


class DoesNotHold(QualityError):
    """Something stored could not be proven again; `found` says what, chain by chain."""

    def __init__(self, found: "Sequence[Verified]") -> None:
        self.found = list(found)
        bad = [f.sentence for f in found if not f.holds]
        super().__init__(
            f"{'; '.join(bad)}.",
            hint="`oracul verify --repair` lands it again from the endpoints; "
            "docs/how-to/verify.md says what each check means.",
        )


def numbers_text(numbers: Sequence[int]) -> str:
    """`17:20, 25` for the numbers 17, 18, 19 and 25."""
    found = [str(r.start) if len(r) == 1 else f"{r.start}:{r.stop}" for r in runs(numbers)]
    return ", ".join(found[:5]) + (" …" if len(found) > 5 else "")
