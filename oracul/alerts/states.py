"""Rows that say how the warehouse is: what the rules of `conditions` judge."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class StepRhythm:
    """When a step ran: `pause_seconds` is the pause between starts that nine of ten runs kept.

    `running_since` is the start of its newest run, if that has not ended.
    """

    step: str
    chain: str
    runs: int
    first_at: datetime
    last_at: datetime
    pause_seconds: float
    running_since: datetime | None


@dataclass(frozen=True)
class ChainTip:
    """The newest block that landed on a followed chain."""

    chain: str
    block_number: int
    block_at: datetime


@dataclass(frozen=True)
class ChainGap:
    """Numbers without a block between the first and the last, which nobody has filled lately."""

    chain: str
    missing: int
    gaps: int
    newest_missing: int


@dataclass(frozen=True)
class BranchChange:
    """A row of `meta.reorgs`."""

    chain: str
    fork_block_number: int
    depth: int
    old_head: str
    old_version: int
    outcome: str


@dataclass(frozen=True)
class RefusedAnswers:
    """What was not believed in a day: of an endpoint's blocks, or of an asset's prices."""

    subject: str
    count: int
    last_reason: str


@dataclass(frozen=True)
class BrokenBlocks:
    """Canonical blocks of a chain that `oracul verify` found broken."""

    chain: str
    count: int
    first_block: int
    last_block: int


@dataclass(frozen=True)
class Disk:
    """A disk of the warehouse."""

    name: str
    free_bytes: int
    total_bytes: int


@dataclass(frozen=True)
class RpcUsage:
    """Requests to a chain's endpoints today (UTC)."""

    chain: str
    requests: int
