"""Rules over the state of the warehouse: late, behind, full, doubtful. Pure.

Their rows say how things are, not since when. An occasion begins when a condition is met first and
lasts until it is not; `named` gives it the id under which it was told before.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from oracul.alerts.rules import Alert, identity
from oracul.alerts.states import (
    BranchChange,
    BrokenBlocks,
    ChainGap,
    ChainTip,
    Disk,
    RefusedAnswers,
    RpcUsage,
    StepRhythm,
)
from oracul.alerts.text import harmless, unlinked
from oracul.settings import AlertRule, Severity
from oracul.units import plural, seconds_text

# Steps as the schedules of prefect.yaml record them. What people start by hand is never late, and a
# backfill may take as long as it takes.
SCHEDULED_BY_CHAIN = frozenset({"ingest_chain", "ingest_tokens"})
SCHEDULED = frozenset(
    {"ingest_prices", "validate_raw", "validate_marts", "detect", "verify", "maintain"}
    | {
        f"{step}:{group}"
        for step in ("transform", "validate_marts", "publish")
        for group in ("network", "tokens", "addresses")
    }
)
# A step is late after this many times the pause that nine of ten runs kept.
LATE_FACTOR = 3
LEAST_LATE = timedelta(hours=1)
# Fewer runs, or all within a day, are somebody trying things out.
LEAST_RUNS, LEAST_HISTORY = 5, timedelta(days=1)
STUCK_AFTER = timedelta(hours=3)
# Refused answers of a day: a few come from any endpoint in a reorg.
LEAST_REFUSED_BLOCKS, LEAST_REFUSED_PRICES = 20, 3
BUDGET_WARNING_RATIO = 0.8
# Landing stops at 0.2 GB (migration 0009).
CRITICAL_DISK_GB = 1.0
_GB = 1e9


def late_alerts(
    steps: Iterable[StepRhythm], followed: Collection[str], now: datetime
) -> list[Alert]:
    """A high alert for each scheduled step that should have run, or that runs without an end."""
    alerts = []
    for row in steps:
        if not _is_scheduled(row, followed):
            continue
        subject = f"{row.step}/{row.chain}" if row.chain else row.step
        where = f" on {row.chain}" if row.chain else ""
        if row.running_since is not None and now - row.running_since > STUCK_AFTER:
            since = seconds_text((now - row.running_since).total_seconds())
            alerts.append(
                _alert(
                    "pipeline_late",
                    "high",
                    subject,
                    f"{row.step}{where} has no end",
                    f"it runs for {since}; it was killed, or waits for something",
                )
            )
            continue
        has_rhythm = row.runs >= LEAST_RUNS and row.last_at - row.first_at >= LEAST_HISTORY
        silence = now - row.last_at
        expected = max(LATE_FACTOR * timedelta(seconds=row.pause_seconds), LEAST_LATE)
        if has_rhythm and row.running_since is None and silence > expected:
            alerts.append(
                _alert(
                    "pipeline_late",
                    "high",
                    subject,
                    f"{row.step}{where} is late",
                    f"no run for {seconds_text(silence.total_seconds())}, usually one"
                    f" every {seconds_text(row.pause_seconds)}",
                )
            )
    return alerts


def lag_alerts(tips: Iterable[ChainTip], longest: timedelta, now: datetime) -> list[Alert]:
    """A high alert for each chain whose newest block is older than `longest`."""
    return [
        _alert(
            "lag",
            "high",
            tip.chain,
            f"{tip.chain} lags",
            f"the newest block, {tip.block_number:,}, is"
            f" {seconds_text((now - tip.block_at).total_seconds())} old",
        )
        for tip in tips
        if now - tip.block_at > longest
    ]


def gap_alerts(gaps: Iterable[ChainGap]) -> list[Alert]:
    """A medium alert for each chain with block numbers that are missing."""
    return [
        _alert(
            "gap",
            "medium",
            row.chain,
            f"Blocks are missing on {row.chain}",
            f"{plural(row.missing, 'block')} in {plural(row.gaps, 'gap')}, the newest up to block"
            f" {row.newest_missing:,}",
        )
        for row in gaps
        if row.missing
    ]


def branch_alerts(changes: Iterable[BranchChange], least_depth: int) -> list[Alert]:
    """A critical alert for each halt, a medium one for each deep change that was followed.

    These rows know their beginning: the ids are complete.
    """
    alerts = []
    for row in changes:
        told = f"{plural(row.depth, 'block')} above block {row.fork_block_number:,}"
        key = (row.chain, row.old_head, str(row.old_version))
        if row.outcome == "halted":
            alert = _alert(
                "fork_below_finality",
                "critical",
                row.chain,
                f"{row.chain} stands still: its nodes contradict final blocks",
                f"{told}; no block lands until a person decides",
            )
        elif row.depth >= least_depth:
            alert = _alert(
                "reorg",
                "medium",
                row.chain,
                f"{row.chain} changed its branch",
                f"{told} were replaced; marts of those days are rebuilt",
            )
        else:
            continue
        alerts.append(replace(alert, alert_id=identity(alert.rule, *key)))
    return alerts


def proof_alerts(refused: Iterable[RefusedAnswers], broken: Iterable[BrokenBlocks]) -> list[Alert]:
    """A high alert for broken stored blocks, a medium one for an endpoint's refused answers."""
    stored = [
        _alert(
            "proof_failed",
            "high",
            row.chain,
            f"Stored blocks of {row.chain} do not prove",
            f"{plural(row.count, 'block')} between {row.first_block:,} and"
            f" {row.last_block:,} are not what was landed",
        )
        for row in broken
    ]
    answers = [
        _alert(
            "proof_failed",
            "medium",
            row.subject,
            f"{row.subject} sends blocks that do not prove",
            f"{plural(row.count, 'answer')} refused within a day, the last: {row.last_reason}",
        )
        for row in refused
        if row.count >= LEAST_REFUSED_BLOCKS
    ]
    return stored + answers


def price_alerts(refused: Iterable[RefusedAnswers]) -> list[Alert]:
    """A medium alert for each asset whose sources disagreed several times within a day."""
    return [
        _alert(
            "price_disagreement",
            "medium",
            row.subject,
            f"Sources disagree on {row.subject}",
            f"{plural(row.count, 'price')} not believed within a day, the last: {row.last_reason}",
        )
        for row in refused
        if row.count >= LEAST_REFUSED_PRICES
    ]


def disk_alerts(disks: Iterable[Disk], *, least_ratio: float, least_gb: float) -> list[Alert]:
    """A high alert for a disk with little room, a critical one when landing is about to stop."""
    alerts = []
    for disk in disks:
        free_gb, ratio = disk.free_bytes / _GB, disk.free_bytes / max(disk.total_bytes, 1)
        if ratio >= least_ratio and free_gb >= least_gb:
            continue
        is_near_end = free_gb < min(CRITICAL_DISK_GB, least_gb)
        alerts.append(
            _alert(
                "disk",
                "critical" if is_near_end else "high",
                disk.name,
                "The warehouse's disk is almost full",
                f"{free_gb:.1f} GB free on disk {disk.name}, {ratio:.0%} of it",
            )
        )
    return alerts


def budget_alerts(usage: Iterable[RpcUsage], quotas: Mapping[str, int]) -> list[Alert]:
    """A medium alert for a chain near its day's requests, a high one when they are used up."""
    alerts = []
    for row in usage:
        quota = quotas.get(row.chain, 0)
        if not quota or row.requests < BUDGET_WARNING_RATIO * quota:
            continue
        is_over = row.requests >= quota
        title = f"{row.chain} has {'used up' if is_over else 'almost used up'} its requests"
        alerts.append(
            _alert(
                "rpc_budget",
                "high" if is_over else "medium",
                row.chain,
                title,
                f"{row.requests:,} of {quota:,} requests of today (UTC)",
            )
        )
    return alerts


def _is_scheduled(row: StepRhythm, followed: Collection[str]) -> bool:
    if row.chain:
        return row.step in SCHEDULED_BY_CHAIN and row.chain in followed
    # Prices are landed for the blocks of followed chains.
    return row.step in SCHEDULED and (row.step != "ingest_prices" or bool(followed))


def named(
    alerts: Sequence[Alert], open_ids: Mapping[tuple[str, str], str], now: datetime
) -> list[Alert]:
    """The alerts with ids: that of the occasion which is open for the rule and subject, or a new
    one that begins now.
    """
    return [
        alert
        if alert.alert_id
        else replace(
            alert,
            alert_id=open_ids.get((alert.rule, alert.subject))
            or identity(alert.rule, alert.subject, now.isoformat()),
        )
        for alert in alerts
    ]


def _alert(rule: AlertRule, severity: Severity, subject: str, title: str, body: str) -> Alert:
    shown = unlinked(harmless(title)), unlinked(harmless(body))
    return Alert("", rule, severity, *shown, harmless(subject))
