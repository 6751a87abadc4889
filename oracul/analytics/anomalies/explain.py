"""One line for people about a finding. Names that a stranger chose are made harmless first."""

import re
import unicodedata
from datetime import date

from oracul.analytics.anomalies.metrics import Metric
from oracul.units import compact

_LONGEST_SYMBOL = 16


def clean_symbol(symbol: str | None) -> str:
    """A token's symbol without anything that could act: letters, digits and `.-_+$` only, short.

    Anybody can name a token `visit evil.com` or hide text with control characters, and this goes
    into alerts: what looks like an address of a site loses its dots. Empty when nothing is left.
    """
    text = unicodedata.normalize("NFKC", symbol or "")
    text = "".join(c for c in text if c.isalnum() or c in ".-_+$")
    if re.search(r"\.\w{2,}", text):
        text = text.replace(".", "")
    return text[:_LONGEST_SYMBOL]


def entity_label(chain: str, entity_id: str, name: str) -> str:
    """`USDT (ethereum)`, or `0x1234…abcd (ethereum)` for what has no name."""
    short = entity_id if len(entity_id) <= 13 else f"{entity_id[:6]}…{entity_id[-4:]}"
    return f"{clean_symbol(name) or short} ({chain})"


def number(metric: Metric, value: float) -> str:
    """A value with the metric's unit: `14.2 M USD`, `312`, `+4.1 %`."""
    if metric.shape == "return":
        return f"{value * 100:+.2g} %" if abs(value) < 0.1 else f"{value * 100:+.3g} %"
    if metric.shape == "count":
        return compact(round(value, 1) if value < 100 else round(value))
    return f"{compact(value)} {metric.unit}"


def explain(
    metric: Metric,
    label: str,
    day: date,
    *,
    value: float,
    expected: float,
    lower: float,
    upper: float,
    score: float,
    votes: int,
    voters: int,
    has_pattern: bool,
) -> str:
    """What happened, what was expected, how far apart, and who agrees."""
    low, middle, high = (_bare(metric, x) for x in (lower, expected, upper))
    side = "above" if score > 0 else "below"
    text = (
        f"{label}: {metric.label} {number(metric, value)} on {day.isoformat()}, "
        f"expected {middle} ({low} to {high}): {_distance(score)} robust deviations {side}; "
        f"agreed by {votes} of {voters} methods"
    )
    return text + ("; weekly pattern considered" if has_pattern else "")


def explain_method(
    metric: Metric, method: str, *, value: float, expected: float, lower: float, upper: float,
    score: float,
) -> str:  # fmt: skip
    """What one method says, as evidence."""
    low, middle, high = (_bare(metric, x) for x in (lower, expected, upper))
    side = "above" if score > 0 else "below"
    return (
        f"{method}: {metric.label} {number(metric, value)}, expected {middle} ({low} to {high}): "
        f"{_distance(score)} deviations {side}"
    )


def _bare(metric: Metric, value: float) -> str:
    """A number without its unit where the unit was said already; per cent is always said."""
    text = number(metric, value)
    return text if metric.shape == "return" else text.removesuffix(f" {metric.unit}")


def _distance(score: float) -> str:
    size = abs(score)
    return f"{size:.1f}" if size < 100 else f"{size:.0f}"
