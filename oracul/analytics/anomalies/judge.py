"""Judge windows: is the day after each one unusual? Pure; one window always has one verdict.

A vectorised screen sees every row; statsmodels' models see the few it finds.
"""

from dataclasses import dataclass

import numpy as np

from oracul.analytics.anomalies.bands import Band
from oracul.analytics.anomalies.baselines import baselines
from oracul.analytics.anomalies.metrics import Metric
from oracul.analytics.anomalies.models import ets_band, stl_band
from oracul.analytics.anomalies.robust import Floats, counts
from oracul.analytics.anomalies.scales import Scaled, to_scale
from oracul.analytics.anomalies.severity import LIMITS, Verdict, combine
from oracul.analytics.anomalies.weekly import LEAST_DAYS, Weekly, weekly

# A row with activity on fewer days than this share is compared with its active days only.
REGULAR_RATIO = 0.7
# At least this many days must be there to compare with, however irregular the row is.
LEAST_OBSERVED = 10
# More rows than this in one day are not passed to statsmodels, farthest first: bounds the time of a
# day on which everything moves. The screen alone judges the rest.
MOST_MODELLED = 500


@dataclass(frozen=True)
class Compared:
    """All rows that had enough history, and what their values were held against, in the metric's
    own units. `rows` are places in the input; lower ≤ expected ≤ upper.
    """

    rows: np.ndarray
    value: Floats
    expected: Floats
    lower: Floats
    upper: Floats


@dataclass(frozen=True)
class Judged:
    """Verdicts of the rows found unusual. Numbers are in the metric's own units.

    `compared` has them too, among all rows that were judged. `rows` are places in the input.
    `bands` hold, for each method, (expected, lower, upper, score) of the rows found; NaN = no
    opinion.
    """

    compared: Compared
    rows: np.ndarray
    value: Floats
    expected: Floats
    lower: Floats
    upper: Floats
    verdict: Verdict
    has_pattern: np.ndarray
    bands: dict[str, tuple[Floats, Floats, Floats, Floats]]

    @property
    def judged(self) -> int:
        """How many rows had enough history."""
        return len(self.compared.rows)


def judge(
    metric: Metric,
    history: Floats,
    value: Floats,
    *,
    min_history_days: int = 14,
    most_modelled: int = MOST_MODELLED,
) -> Judged:
    """Compare `value` (n,) with the days before it, `history` (n, days), oldest first.

    NaN = missing. Rows with less history than `min_history_days`, fewer than ten days to compare
    with or no value are left out. Units: the metric's own.
    """
    history, value, regular = _prepare(metric, history, value)
    enough = counts(history) >= np.where(regular, max(min_history_days, LEAST_OBSERVED), 0)
    rows = np.flatnonzero(enough & (counts(history) >= LEAST_OBSERVED) & np.isfinite(value))
    scaled = to_scale(metric, history[rows], value[rows])
    bands, week = _screen(scaled, regular[rows])
    screen = combine(bands, scaled.value)
    found = np.flatnonzero(np.abs(screen.score) >= LIMITS[0])
    bands = [_take(band, found) for band in bands]
    _model(bands, scaled, week, found, screen.score[found], most_modelled)
    return _report(rows, found, scaled, value[rows], screen, bands, week)


def _prepare(metric: Metric, history: Floats, value: Floats) -> tuple[Floats, Floats, np.ndarray]:
    """Empty days of irregular rows count as missing; so does their empty day under judgement."""
    if metric.shape == "return":
        return history, value, counts(history) >= REGULAR_RATIO * history.shape[1]
    known = np.maximum(counts(history), 1)
    active = (np.nan_to_num(history) != 0).sum(axis=1)
    regular = active >= REGULAR_RATIO * known
    # A quiet day says nothing of the size of flows, whoever they belong to.
    drop = ~regular if metric.shape != "signed" else np.ones(len(value), dtype=bool)
    history = np.where(drop[:, None] & (history == 0), np.nan, history)
    return history, np.where(drop & (value == 0), np.nan, value), regular


def _screen(scaled: Scaled, regular: np.ndarray) -> tuple[list[Band], Weekly | None]:
    """Bands of the baselines (after the weekly pattern is taken off) and of Holt-Winters."""
    n, length = scaled.history.shape
    full = np.flatnonzero(regular & (counts(scaled.history) >= LEAST_DAYS))
    if not len(full) or length < LEAST_DAYS:
        return baselines(scaled.history, scaled.noise), None
    part = weekly(scaled.history[full], scaled.noise[full])
    week = Weekly(
        effect=_spread(part.effect, full, n, 0.0),
        has_pattern=_spread(part.has_pattern, full, n, False),
        band=Band(
            "ets",
            _spread(part.band.expected, full, n, np.nan),
            _spread(part.band.sigma, full, n, np.nan),
        ),
        clean=_spread(part.clean, full, n, np.nan),
    )
    weekday = (np.arange(length) - length) % 7
    plain = baselines(scaled.history - week.effect[:, weekday], scaled.noise)
    shifted = [Band(b.method, b.expected + week.effect[:, 0], b.sigma) for b in plain]
    return [*shifted, week.band], week


def _spread(part: np.ndarray, rows: np.ndarray, n: int, default: float | bool) -> np.ndarray:
    whole = np.full((n, *part.shape[1:]), default, dtype=part.dtype)
    whole[rows] = part
    return whole


def _take(band: Band, rows: np.ndarray) -> Band:
    return Band(band.method, band.expected[rows], band.sigma[rows])


def _model(
    bands: list[Band],
    scaled: Scaled,
    week: Weekly | None,
    found: np.ndarray,
    score: Floats,
    most: int,
) -> None:
    """Replace the screen's Holt-Winters by statsmodels' ETS and add STL, for the farthest rows."""
    stl = Band("stl", np.full(len(found), np.nan), np.full(len(found), np.nan))
    if week is not None and len(found):
        can = np.flatnonzero(~np.isnan(bands[-1].expected))
        chosen = can[np.argsort(-np.abs(score[can]), kind="stable")[:most]]
        histories = [_known(week.clean[row], scaled.history[row]) for row in found[chosen]]
        noise = scaled.noise[found[chosen]]
        for whole, part in (
            (stl, stl_band(histories, noise)),
            (bands[-1], ets_band(histories, noise)),
        ):
            said = np.isfinite(part.expected) & np.isfinite(part.sigma)
            whole.expected[chosen[said]] = part.expected[said]
            whole.sigma[chosen[said]] = part.sigma[said]
    bands.append(stl)


def _known(clean: Floats, history: Floats) -> Floats:
    """The cleaned history from its first real day on."""
    return clean[int((~np.isnan(history)).argmax()) :]


def _report(
    rows: np.ndarray,
    found: np.ndarray,
    scaled: Scaled,
    raw: Floats,
    screen: Verdict,
    bands: list[Band],
    week: Weekly | None,
) -> Judged:
    verdict = combine(bands, scaled.value[found])
    compared = _compared(rows, scaled, raw, screen, found, verdict)
    unusual = np.flatnonzero(verdict.rank >= 0)
    bands = [_take(band, unusual) for band in bands]
    kept = found[unusual]
    back = Scaled(
        scaled.history[kept], scaled.value[kept], scaled.unit[kept], scaled.noise[kept],
        scaled.metric,
    )  # fmt: skip
    opinions = {}
    for band in bands:
        low, high = band.bounds()
        opinions[band.method] = (
            back.back(band.expected), back.back(low), back.back(high), band.score(back.value),
        )  # fmt: skip
    pattern = np.zeros(len(scaled.value), bool) if week is None else week.has_pattern
    return Judged(
        compared=compared,
        rows=rows[kept],
        value=raw[kept],
        expected=compared.expected[kept],
        lower=compared.lower[kept],
        upper=compared.upper[kept],
        verdict=combine(bands, back.value),
        has_pattern=pattern[kept],
        bands=opinions,
    )


def _compared(
    rows: np.ndarray,
    scaled: Scaled,
    raw: Floats,
    screen: Verdict,
    found: np.ndarray,
    verdict: Verdict,
) -> Compared:
    """The screen's band, and the verdict's for the rows that the models looked at."""
    back = []
    for whole, part in (
        (screen.expected, verdict.expected),
        (screen.lower, verdict.lower),
        (screen.upper, verdict.upper),
    ):
        numbers = whole.copy()
        numbers[found] = part
        back.append(scaled.back(numbers))
    expected, lower, upper = back
    # The way back from the scale may turn neighbours round in the last digit.
    return Compared(rows, raw, expected, np.minimum(lower, expected), np.maximum(upper, expected))
