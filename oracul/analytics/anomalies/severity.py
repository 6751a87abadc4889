"""From five opinions to one: agreement, score and severity.

The score is the median of the methods' distances, so a single method that is fooled (a mean
dragged by last month's spike, a season that was not one) neither makes nor hides an alarm.

| severity | median score | methods that vote | why |
|---|---|---|---|
| low | ≥ 3.5 | more than half | Iglewicz and Hoaglin's limit for modified z-scores |
| medium | ≥ 4.9 | all but one | one day in 220 of real crypto returns (less than a robust z of 6) |
| high | ≥ 6.5 | all but one | one real day in 600; below one in 1,000 of calm, heavy-tailed days |
| critical | ≥ 11 | all but one | collapses: LUNA, FTT, March 2020 |

The limits are far above a normal distribution's because daily crypto data are not normal; the
rates are measured (`benchmarks/anomalies.py`, docs/explanation/anomalies.md). A window shorter than
four weeks, or with many empty days, is judged by the three baselines alone: there `high` needs all
of them and `critical` is not given.
"""

from dataclasses import dataclass

import numpy as np

from oracul.analytics.anomalies.bands import VOTE_AT, Band
from oracul.analytics.anomalies.robust import Floats, median

SEVERITIES = ("low", "medium", "high", "critical")
LIMITS = (3.5, 4.9, 6.5, 11.0)


@dataclass(frozen=True)
class Verdict:
    """The methods' opinions of rows, put together.

    `rank` is -1 for nothing unusual, else the place in SEVERITIES. `votes` of `voters` methods put
    the value outside their bounds, on the same side as the median `score`.
    """

    score: Floats
    expected: Floats
    lower: Floats
    upper: Floats
    votes: np.ndarray
    voters: np.ndarray
    rank: np.ndarray


def combine(bands: list[Band], value: Floats) -> Verdict:
    """Median of expectations, bounds and scores over the methods that have an opinion."""
    scores = np.stack([band.score(value) for band in bands], axis=1)
    bounds = [band.bounds() for band in bands]
    score = median(scores)
    voters = (~np.isnan(scores)).sum(axis=1)
    votes = (scores * np.sign(score)[:, None] >= VOTE_AT).sum(axis=1)
    return Verdict(
        score=score,
        expected=median(np.stack([band.expected for band in bands], axis=1)),
        lower=median(np.stack([low for low, _ in bounds], axis=1)),
        upper=median(np.stack([high for _, high in bounds], axis=1)),
        votes=votes,
        voters=voters,
        rank=_rank(np.abs(score), votes, voters),
    )


def rank_of_score(score: Floats) -> np.ndarray:
    """Place in SEVERITIES by distance alone, -1 below the first limit (evidence of one method)."""
    return np.asarray(np.searchsorted(LIMITS, np.nan_to_num(np.abs(score)), side="right") - 1)


def _rank(distance: Floats, votes: np.ndarray, voters: np.ndarray) -> np.ndarray:
    few = voters <= 3
    rank = np.where(votes * 2 > voters, rank_of_score(distance), -1)
    needed = np.where(few, voters, voters - 1)
    rank = np.where(votes < needed, np.minimum(rank, 0), rank)
    return np.where(few, np.minimum(rank, 2), rank)
