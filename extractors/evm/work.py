"""What is still to be fetched, and who may try it: pure bookkeeping, no IO.

Blocks are handed out newest first. A block that one endpoint could not give is kept for the others;
when all have failed it is given up and stays a gap.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from extractors.evm.parse import Kind, Refusal

# How much each kind of refusal weighs; an endpoint with this many strikes on a block is not asked
# for it again. A null will not change by asking again; a cut or odd answer may.
_STRIKES: dict[Kind, int] = {"missing": 3, "proof": 2, "bad": 1, "mixed": 1, "error": 1}
OUT = 3


@dataclass
class Work:
    """Blocks to fetch, by number."""

    fresh: Iterator[int]
    again: deque[int] = field(default_factory=deque)
    strikes: dict[int, dict[str, int]] = field(default_factory=dict)
    reasons: dict[int, str] = field(default_factory=dict)
    given_up: dict[int, str] = field(default_factory=dict)
    barred: dict[int, str] = field(default_factory=dict)
    in_hand: int = 0
    is_stopped: bool = False

    @classmethod
    def again_without(cls, blame: dict[int, str]) -> "Work":
        """Blocks to fetch again, each from another endpoint than the one named."""
        work = cls(iter(()), deque(sorted(blame, reverse=True)), barred=dict(blame))
        for number, source in blame.items():
            work.strikes[number] = {source: OUT}
        return work

    def try_again(self) -> bool:
        """Hand out again what was given up; False when there is nothing, or no more is wanted."""
        if self.is_stopped or not self.given_up:
            return False
        for number in sorted(self.given_up, reverse=True):
            self.strikes[number] = {self.barred[number]: OUT} if number in self.barred else {}
            self.again.append(number)
        self.given_up.clear()
        return True

    def take(self, endpoint: str, size: int) -> list[int]:
        """Up to `size` numbers for an endpoint to fetch; none means: nothing for it right now."""
        taken: list[int] = []
        if self.is_stopped:
            return taken
        for _ in range(len(self.again)):
            if len(taken) == size:
                break
            number = self.again.popleft()
            if self.strikes.get(number, {}).get(endpoint, 0) >= OUT:
                self.again.append(number)
            else:
                taken.append(number)
        while len(taken) < size:
            fresh = next(self.fresh, None)
            if fresh is None:
                break
            taken.append(fresh)
        self.in_hand += len(taken)
        return taken

    def accept(self, numbers: Iterable[int]) -> None:
        """These blocks were proven and handed on."""
        for number in numbers:
            self.in_hand -= 1
            self.strikes.pop(number, None)
            self.reasons.pop(number, None)

    def put_back(self, numbers: Sequence[int]) -> None:
        """The endpoint could not be asked; it is nobody's fault."""
        self.in_hand -= len(numbers)
        self.again.extend(numbers)

    def refuse(self, endpoint: str, refusal: Refusal, usable: Sequence[str]) -> None:
        """An endpoint's answer was not taken: others try, or the block is given up."""
        self.in_hand -= 1
        tally = self.strikes.setdefault(refusal.number, {})
        tally[endpoint] = tally.get(endpoint, 0) + _STRIKES[refusal.kind]
        self.reasons[refusal.number] = f"{endpoint}: {refusal.reason}"
        self.again.append(refusal.number)
        self.give_up_what_nobody_has(usable)

    def give_up_what_nobody_has(self, usable: Sequence[str]) -> None:
        """Move blocks that every usable endpoint has failed to `given_up`."""
        for number in list(self.again):
            tally = self.strikes.get(number, {})
            if all(tally.get(name, 0) >= OUT for name in usable):
                self.again.remove(number)
                self.given_up[number] = self.reasons.get(number, "no endpoint left to ask")

    @property
    def is_drained(self) -> bool:
        """True when nothing is in hand and nothing more will be handed out."""
        return self.in_hand == 0 and (self.is_stopped or (not self.again and self._is_empty()))

    def _is_empty(self) -> bool:
        ahead = next(self.fresh, None)
        if ahead is None:
            return True
        self.again.appendleft(ahead)
        return False
