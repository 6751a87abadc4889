"""Reading numbers and instants out of replies nobody vouches for. Pure; raises BadReply."""

import math
import re
from datetime import UTC, datetime
from typing import Any

from oracul.errors import BadReply

# What JSON calls a number: Python's `float` reads `1_000`, ` 12` and other alphabets' digits, too.
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def number(value: Any) -> float:
    """A JSON number, or text of one, as float; what is none becomes NaN, for `screen` to refuse.

    Booleans and null are no numbers; a number too large for a float becomes infinite.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return math.nan
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        return math.nan
    try:
        return float(value)
    except ValueError:
        return math.nan
    except OverflowError:
        return math.inf


def instant(seconds: Any, source: str) -> datetime:
    """UTC instant of a Unix time in seconds. Raises BadReply when it cannot be one."""
    value = number(seconds)
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        raise BadReply(f"{source} sent a time that is none: {str(seconds)[:40]!r}.") from None


def table(value: Any, source: str, what: str) -> dict[str, Any]:
    """`value` if it is a JSON object. Raises BadReply naming `what` was expected."""
    if not isinstance(value, dict):
        raise BadReply(f"{source} sent no {what}: {str(value)[:80]!r}.")
    return value


def rows(value: Any, source: str, what: str, *, width: int = 0) -> list[Any]:
    """`value` if it is a list of lists with at least `width` entries. Raises BadReply if not."""
    if not isinstance(value, list):
        raise BadReply(f"{source} sent no {what}: {str(value)[:80]!r}.")
    for row in value:
        if width and (not isinstance(row, list) or len(row) < width):
            raise BadReply(f"{source} sent a row of {what} that is cut: {str(row)[:80]!r}.")
    return value
