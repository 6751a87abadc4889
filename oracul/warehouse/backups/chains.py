"""Chains of backups: a full one and all that stand on it. Which are given up. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from oracul.warehouse.backups.catalog import Known, chain

# Backups of this name are Oracul's to give up; those taken by hand are not.
NIGHTLY = "nightly-"
FULL_EVERY = timedelta(days=7)
# A night that was cut short and is done again takes no second backup.
_ONE_A_NIGHT = timedelta(hours=20)
# A night begins some minutes earlier than another.
_SLACK = timedelta(hours=6)


@dataclass(frozen=True)
class Chain:
    """A full backup and all that stand on it, oldest first."""

    members: tuple[Known, ...]

    @property
    def is_good(self) -> bool:
        """Whether its full backup can be restored, as far as anybody knows."""
        return self.members[0].is_usable

    @property
    def is_ours(self) -> bool:
        """Whether the nightly maintenance took all of it."""
        return all(one.name.startswith(NIGHTLY) for one in self.members)


def chains_of(listed: Sequence[Known]) -> list[Chain]:
    """All chains, newest first by their full backups."""
    roots: dict[str, list[Known]] = {}
    for one in sorted(listed, key=lambda known: (known.taken_at, known.name)):
        roots.setdefault(chain(listed, one.name)[-1], []).append(one)
    found = [Chain(tuple(members)) for members in roots.values()]
    return sorted(found, key=lambda one: one.members[0].taken_at, reverse=True)


def is_due(listed: Sequence[Known], now: datetime) -> bool:
    """Whether tonight's backup was not taken yet."""
    return not any(
        one.name.startswith(NIGHTLY) and one.is_usable and now - one.taken_at < _ONE_A_NIGHT
        for one in listed
    )


def is_full_due(listed: Sequence[Known], now: datetime) -> bool:
    """Whether tonight's backup is to be a full one: each week, and when there is none to build on.

    `listed` has the newest first.
    """
    newest = next((one for one in listed if one.is_usable), None)
    if newest is None:
        return True
    root = chain(listed, newest.name)[-1]
    began = next(one.taken_at for one in listed if one.name == root)
    return now - began >= FULL_EVERY - _SLACK


def old_chains(listed: Sequence[Known], kept: int) -> list[Chain]:
    """Nightly chains older than the `kept` newest good ones, oldest first.

    None while there are fewer good ones than that; so the last good chain is never among them.
    """
    good, old = 0, []
    for one in chains_of(listed):
        if good >= kept and one.is_ours:
            old.append(one)
        good += one.is_good
    return old[::-1]
