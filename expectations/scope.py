"""What a run of the checks must be told: the instant, and what is expected of which chain."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from oracul.chains import ChainSpec, load_chains

Door = Literal["raw", "marts"]
Severity = Literal["critical", "warning"]

# A followed chain may be this many blocks, and at least this long, behind its tip.
LATE_BLOCKS = 300
LATE_SECONDS = 3600
_WAITS_FOR = re.compile(r":waits_for\(([\w.]+)\)")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Scope:
    """`now` is the instant freshness is judged at; `followed` are the chains with an endpoint,
    which should be fresh; `table` is the guarded one, with the database it is looked at in.

    With `since`, checks whose cost grows with the rows look at what was landed or built from that
    instant of this machine's clock on; raw rows never change, so what passed before still does.
    """

    now: datetime
    followed: frozenset[str] = frozenset()
    since: datetime | None = None
    table: str = ""

    def fill(self, sql: str) -> str:
        """Put the scope's values into a check's SQL; Great Expectations cannot bind them.

        Only instants, names of our tables and slugs of known chains get in: nothing to escape.
        """
        return (
            _WAITS_FOR.sub(lambda found: self._waiting(found[1]), sql)
            .replace(":table", f"'{self.table}'")
            .replace(":now", _instant(self.now))
            .replace(":since", _instant(self.since or _EPOCH))
            .replace(":fresh_days", self._fresh_days())
            .replace(":followed", chain_list(self.followed))
            .replace(":allowed_lag_by_chain", _allowed_lags())
            .replace(":block_seconds_by_chain", _block_seconds())
        )

    def _waiting(self, source: str) -> str:
        """Condition: the day was built again in `source` since the guarded table read it.

        Tables have schedules of their own, so until its next turn a day may well differ.
        """
        return (
            "block_date in (select source.block_date from "
            f"(select * from meta.built_days final where model = '{source}') as source "
            f"left join (select * from meta.built_days final where model = '{self.table}') as own "
            "on source.block_date = own.block_date "
            # Unbooked: it is being built right now, and what is in place is from before.
            "where own.input_version = 0 or own.began_at < source.built_at "
            "settings join_use_nulls = 0)"
        )

    def _fresh_days(self) -> str:
        if self.since is None:
            return "true"
        built = f"select block_date from meta.built_days where built_at >= {_instant(self.since)}"
        return f"block_date in ({built})"


def _instant(at: datetime) -> str:
    return f"toDateTime64('{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}', 3, 'UTC')"


def chain_list(chains: Iterable[str]) -> str:
    """A SQL array of chain slugs; unknown ones are left out."""
    known = load_chains()
    quoted = ", ".join(f"'{chain}'" for chain in sorted(chains) if chain in known)
    return f"cast([{quoted}], 'Array(String)')"


def _allowed_lags() -> str:
    return _by_chain(lambda spec: max(LATE_SECONDS, round(LATE_BLOCKS * spec.block_seconds)))


def _block_seconds() -> str:
    return _by_chain(lambda spec: spec.block_seconds)


def _by_chain(value: Callable[[ChainSpec], float]) -> str:
    """A SQL map from slug to a number of each known chain."""
    pairs = (f"'{chain}', {value(spec)}" for chain, spec in sorted(load_chains().items()))
    return f"map({', '.join(pairs)})"
