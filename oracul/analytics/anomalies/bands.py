"""What a method says of a value: what it expected, how far values usually are from it, a vote."""

from dataclasses import dataclass

import numpy as np

from oracul.analytics.anomalies.robust import Floats

# Iglewicz and Hoaglin 1993, "How to detect and handle outliers": a modified z-score above 3.5.
VOTE_AT = 3.5


@dataclass(frozen=True)
class Band:
    """One method's view of each row, on the judging scale.

    `expected` and `sigma` are NaN where the method has no opinion (too little history).
    """

    method: str
    expected: Floats
    sigma: Floats

    def score(self, value: Floats) -> Floats:
        """Distance from expected in this method's standard deviations, signed."""
        return np.asarray((value - self.expected) / self.sigma)

    def bounds(self) -> tuple[Floats, Floats]:
        """Where the method starts to vote for an anomaly: expected ± 3.5 sigma."""
        reach = VOTE_AT * self.sigma
        return self.expected - reach, self.expected + reach


def small_sample(observed: Floats) -> Floats:
    """Factor by which a sigma from `observed` values is widened.

    sqrt(1 + 1/n) is the error of the centre; 1 + 6/n covers the error of sigma itself, so that
    14 days alarm no more often than 60 (measured on normal noise: docs/explanation/anomalies.md).
    """
    n = np.maximum(observed, 1.0)
    return np.asarray(np.sqrt(1.0 + 1.0 / n) * (1.0 + 6.0 / n))
