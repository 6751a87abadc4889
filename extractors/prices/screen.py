"""Which observed prices to believe. Pure: candidates and what is already believed in, verdicts out.

An observation is refused when it is no positive finite number, of the future, stale, doubted by its
own source, or out of line with the others. Out of line means, within one hour of one asset:

- three or more sources: farther than `band_ratio` from their median;
- two that disagree: the one nearer to the asset's own prices of the day around decides, if it is
  within `band_ratio` of their median; otherwise neither is believed;
- one alone: a factor of `jump_ratio` or more away from the median of the day around.

Prices already landed count as voices but are never judged again: facts are append-only, and the
served price is a median in any case.
"""

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from extractors.prices.model import Observation

NEIGHBOURHOOD = timedelta(hours=24)
LEAST_CONFIDENCE = 0.8
# `now` is the start of the run, and clocks differ a little.
CLOCK_TOLERANCE = timedelta(minutes=5)


@dataclass(frozen=True)
class Rules:
    """What counts as believable; ratios are of the median, ages are in seconds."""

    band_ratio: float
    jump_ratio: float
    stale_seconds: int


@dataclass(frozen=True)
class Refusal:
    """An observation and why it is not believed."""

    observation: Observation
    reason: str


@dataclass(frozen=True)
class Verdict:
    """What to land and what to write down as refused."""

    accepted: list[Observation]
    refused: list[Refusal]


def screen(
    candidates: Sequence[Observation],
    landed: Iterable[Observation],
    rules: Rules,
    now: datetime,
) -> Verdict:
    """Judge `candidates` in the light of each other and of the `landed` observations around them.

    The order of candidates does not matter. Never raises.
    """
    verdict = Verdict([], [])
    plausible: dict[str, dict[datetime, list[Observation]]] = defaultdict(lambda: defaultdict(list))
    for observation in candidates:
        fault = fault_of(observation, rules, now)
        if fault:
            verdict.refused.append(Refusal(observation, fault))
        else:
            plausible[observation.asset][observation.hour].append(observation)
    known: dict[str, dict[datetime, list[float]]] = defaultdict(lambda: defaultdict(list))
    for observation in landed:
        known[observation.asset][observation.hour].append(observation.price)
    for asset, hours in plausible.items():
        around = _Around(hours, known[asset])
        for hour, observations in hours.items():
            _judge_hour(observations, known[asset].get(hour, []), around, hour, rules, verdict)
    return verdict


def fault_of(observation: Observation, rules: Rules, now: datetime) -> str:
    """Why the observation cannot stand on its own; empty when it can."""
    price, ahead = observation.price, observation.observed_at - now
    if not math.isfinite(price):
        return f"not a finite number: {price}"
    if price <= 0:
        return f"not positive: {price:.6g}"
    if ahead > CLOCK_TOLERANCE:
        return f"of the future: {ahead.total_seconds():.0f} s ahead of the clock"
    if observation.asked_at is not None:
        age_seconds = (observation.asked_at - observation.observed_at).total_seconds()
        if age_seconds > rules.stale_seconds:
            return f"stale: {age_seconds:.0f} s old, {rules.stale_seconds} s allowed"
    doubt = observation.confidence
    if doubt is not None and not doubt >= LEAST_CONFIDENCE:
        return f"its source doubts it: confidence {doubt:.2g}, {LEAST_CONFIDENCE} needed"
    return ""


class _Around:
    """Median price of the asset in the day around an hour, the hour itself left out."""

    def __init__(
        self, hours: dict[datetime, list[Observation]], known: dict[datetime, list[float]]
    ) -> None:
        self._prices = {hour: list(prices) for hour, prices in known.items()}
        for hour, observations in hours.items():
            self._prices.setdefault(hour, []).extend(o.price for o in observations)
        self._order = sorted(self._prices)

    def median(self, hour: datetime) -> float | None:
        first = bisect_left(self._order, hour - NEIGHBOURHOOD)
        last = bisect_left(self._order, hour + NEIGHBOURHOOD)
        near = [
            price for h in self._order[first:last] if h != hour for price in self._prices[h]
        ]  # fmt: skip
        return median(near) if near else None


def _judge_hour(
    observations: list[Observation],
    known: list[float],
    around: _Around,
    hour: datetime,
    rules: Rules,
    verdict: Verdict,
) -> None:
    voices = [o.price for o in observations] + known
    middle = median(voices)
    agree = all(_within(price, middle, rules.band_ratio) for price in voices)
    usual = around.median(hour) if len(voices) == 1 or (len(voices) == 2 and not agree) else None
    for observation in sorted(observations, key=lambda o: (o.source, o.observed_at)):
        price = observation.price
        reason = ""
        if len(voices) == 1:
            if usual is not None and not 1 / rules.jump_ratio < price / usual < rules.jump_ratio:
                reason = f"alone in a jump: {price:.6g}, but {usual:.6g} in the day around"
        elif len(voices) == 2 and not agree:
            if usual is None or not _within(price, usual, rules.band_ratio):
                reason = f"two sources disagree ({min(voices):.6g} and {max(voices):.6g})" + (
                    "" if usual is None else f" and {usual:.6g} in the day around speaks against it"
                )
        elif not _within(price, middle, rules.band_ratio):
            reason = (
                f"outside the band: {price:.6g} is {abs(price / middle - 1):.1%} from the median "
                f"{middle:.6g} of {len(voices)} sources"
            )
        if reason:
            verdict.refused.append(Refusal(observation, reason))
        else:
            verdict.accepted.append(observation)


def _within(price: float, middle: float, ratio: float) -> bool:
    return abs(price - middle) <= ratio * middle
