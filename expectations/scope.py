"""What a run of the checks must be told: the instant, and what is expected of which chain."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from oracul.chains import load_chains

Door = Literal["raw", "marts"]
Severity = Literal["critical", "warning"]

# A followed chain may be this many blocks, and at least this long, behind the clock.
LATE_BLOCKS = 300
LATE_SECONDS = 3600


@dataclass(frozen=True)
class Scope:
    """`now` is the instant freshness is judged at; `followed` are the chains with an endpoint,
    which should be fresh; in `contiguous` ones a missing block is critical, elsewhere a warning.
    """

    now: datetime
    followed: frozenset[str] = frozenset()
    contiguous: frozenset[str] = frozenset()

    def fill(self, sql: str) -> str:
        """Put the scope's values into a check's SQL; Great Expectations cannot bind them.

        Only an instant and slugs of known chains get in, so there is nothing to escape.
        """
        return (
            sql.replace(":now", f"toDateTime64('{self.now:%Y-%m-%d %H:%M:%S}', 3, 'UTC')")
            .replace(":followed", chain_list(self.followed))
            .replace(":contiguous", chain_list(self.contiguous))
            .replace(":allowed_lag_by_chain", _allowed_lags())
        )


def chain_list(chains: Iterable[str]) -> str:
    """A SQL array of chain slugs; unknown ones are left out."""
    known = load_chains()
    quoted = ", ".join(f"'{chain}'" for chain in sorted(chains) if chain in known)
    return f"cast([{quoted}], 'Array(String)')"


def _allowed_lags() -> str:
    pairs = ", ".join(
        f"'{chain}', {max(LATE_SECONDS, round(LATE_BLOCKS * spec.block_seconds))}"
        for chain, spec in sorted(load_chains().items())
    )
    return f"map({pairs})"
