"""Ranges as people type them."""

import re
from datetime import date

from oracul.errors import ConfigError


def parse_blocks(text: str | None) -> tuple[int, int] | None:
    """`17686110:17686125` as a half-open range of block numbers; None stays None.

    Raises ConfigError when it is not a range, reversed or empty.
    """
    if text is None:
        return None
    match = re.fullmatch(r"(\d[\d_,]*):(\d[\d_,]*)", text.strip())
    if match is None:
        raise ConfigError(
            f"--blocks {text!r} is not a range of block numbers.",
            hint="Write FIRST:END as in 17686110:17686125; END itself is not taken.",
        )
    start, end = (int(re.sub("[_,]", "", part)) for part in match.groups())
    if start >= end:
        raise ConfigError(
            f"--blocks {text} holds no block: its end {end} is not after its start {start}.",
            hint="The range is half-open: FIRST:END takes FIRST and leaves END out"
            + (f"; did you mean {end}:{start}?" if end < start else "."),
        )
    return start, end


def parse_day(text: str | None) -> date | None:
    """`2025-03-08` as a date; None stays None. Raises ConfigError for anything else."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigError(
            f"{text!r} is not a day.", hint="Write it as YYYY-MM-DD, in UTC."
        ) from None
