"""Which states of the warehouse are worth an alert."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import yaml

from oracul.alerts.conditions import (
    LEAST_REFUSED_BLOCKS,
    SCHEDULED,
    SCHEDULED_BY_CHAIN,
    branch_alerts,
    budget_alerts,
    disk_alerts,
    gap_alerts,
    lag_alerts,
    late_alerts,
    named,
    price_alerts,
    proof_alerts,
)
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
from oracul.chains import PROJECT_ROOT

NOW = datetime(2024, 5, 2, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HOURLY = StepRhythm("transform:network", "", 20, NOW - 2 * DAY, NOW - 4 * HOUR, 3600, None)
CHANGE = BranchChange("ethereum", 100, 5, "0xaa", 7, "followed")


def test_late_step_is_told_with_what_is_usual() -> None:
    (alert,) = late_alerts([HOURLY], [], NOW)
    assert (alert.rule, alert.severity, alert.subject) == (
        "pipeline_late",
        "high",
        "transform:network",
    )
    assert alert.body == "no run for 4 h 0 min, usually one every 1 h 0 min"


@pytest.mark.parametrize(
    "row",
    [
        replace(HOURLY, last_at=NOW - 2 * HOUR),
        replace(HOURLY, runs=4),
        replace(HOURLY, first_at=NOW - 10 * HOUR),
        replace(HOURLY, pause_seconds=86_400),
        replace(HOURLY, pause_seconds=60, last_at=NOW - HOUR),
        replace(HOURLY, running_since=NOW - 2 * HOUR),
    ],
    ids=["not yet", "few runs", "one day", "daily", "never under an hour", "runs now"],
)
def test_step_is_not_late(row: StepRhythm) -> None:
    assert late_alerts([row], [], NOW) == []


def test_step_that_runs_for_hours_has_no_end() -> None:
    stuck = replace(HOURLY, step="ingest_chain", chain="base", runs=1, running_since=NOW - 5 * HOUR)
    (alert,) = late_alerts([stuck], ["base"], NOW)
    assert (alert.title, alert.subject) == ("ingest_chain on base has no end", "ingest_chain/base")


@pytest.mark.parametrize(
    ("step", "chain"),
    [
        ("backfill_chain", ""),
        ("backfill_prices", ""),
        ("flow pipeline", ""),
        ("work pool oracul", ""),
        ("transform", ""),
        ("publish", ""),
        ("transform:addresses+network", ""),
        ("ingest_chain", "polygon"),
    ],
)
def test_what_no_schedule_starts_is_not_judged(step: str, chain: str) -> None:
    row = replace(HOURLY, step=step, chain=chain)
    stuck = replace(row, running_since=NOW - 5 * HOUR)
    assert late_alerts([row, stuck], ["base"], NOW) == []


def test_prices_are_due_while_a_chain_is_followed() -> None:
    row = replace(HOURLY, step="ingest_prices")
    assert late_alerts([row], [], NOW) == []
    assert len(late_alerts([row], ["base"], NOW)) == 1


def test_steps_of_the_schedules_are_judged() -> None:
    config = yaml.safe_load((PROJECT_ROOT / "prefect.yaml").read_text())
    scheduled = [one for one in config["deployments"] if one.get("schedules")]
    names = {one["entrypoint"].partition(":")[2] for one in scheduled}
    assert {name for name in SCHEDULED | SCHEDULED_BY_CHAIN if name in names} == (
        names - {"alert", "transform", "validate"}
    )
    groups = {
        f"{step}:{group}"
        for one in scheduled
        for group in one["parameters"].get("marts", [])
        for step in ("transform", "validate_marts", "publish")
    }
    assert groups == {name for name in SCHEDULED if ":" in name}


def test_chain_lags_when_its_newest_block_is_old() -> None:
    tips = [ChainTip("base", 9, NOW - HOUR), ChainTip("ethereum", 1234, NOW - 3 * HOUR)]
    (alert,) = lag_alerts(tips, 2 * HOUR, NOW)
    assert (alert.title, alert.body) == (
        "ethereum lags",
        "the newest block, 1,234, is 3 h 0 min old",
    )


def test_missing_blocks_are_one_alert_a_chain() -> None:
    (alert,) = gap_alerts([ChainGap("ethereum", 12, 2, 900), ChainGap("base", 0, 0, 0)])
    assert alert.body == "12 blocks in 2 gaps, the newest up to block 900"


def test_deep_change_of_branch_is_told_and_a_halt_is_critical() -> None:
    shallow, halted = replace(CHANGE, depth=2), replace(CHANGE, depth=1, outcome="halted")
    alerts = branch_alerts([CHANGE, shallow, halted], 3)
    assert [(a.rule, a.severity) for a in alerts] == [
        ("reorg", "medium"),
        ("fork_below_finality", "critical"),
    ]
    assert len({a.alert_id for a in alerts}) == 2


def test_change_of_branch_is_the_same_occasion_however_often_it_is_read() -> None:
    (one,), (two,) = branch_alerts([CHANGE], 3), branch_alerts([replace(CHANGE, depth=9)], 3)
    assert one.alert_id == two.alert_id != ""
    (other,) = branch_alerts([replace(CHANGE, old_version=8)], 3)
    assert other.alert_id != one.alert_id


def test_endpoint_that_keeps_sending_what_does_not_prove_is_told() -> None:
    bad = RefusedAnswers("endpoint-2", LEAST_REFUSED_BLOCKS, "receipts: root differs")
    few = replace(bad, count=LEAST_REFUSED_BLOCKS - 1)
    alerts = proof_alerts([bad, few], [BrokenBlocks("ethereum", 2, 5, 9)])
    assert [(a.severity, a.subject) for a in alerts] == [
        ("high", "ethereum"),
        ("medium", "endpoint-2"),
    ]


def test_prices_that_disagree_again_and_again_are_told() -> None:
    rows = [RefusedAnswers("weth", 3, "two sources disagree"), RefusedAnswers("dai", 2, "…")]
    assert [a.subject for a in price_alerts(rows)] == ["weth"]


@pytest.mark.parametrize(
    ("free_gb", "severity"), [(50, ""), (9, "high"), (0.5, "critical"), (0, "critical")]
)
def test_disk_is_told_by_what_is_left(free_gb: float, severity: str) -> None:
    disk = Disk("default", int(free_gb * 1e9), int(100e9))
    told = disk_alerts([disk], least_ratio=0.1, least_gb=2)
    assert [a.severity for a in told] == ([severity] if severity else [])


def test_small_disk_is_told_below_the_least_room() -> None:
    disk = Disk("default", int(1.5e9), int(8e9))
    assert disk_alerts([disk], least_ratio=0.1, least_gb=2)[0].severity == "high"


@pytest.mark.parametrize(
    ("requests", "severity"), [(79, ""), (80, "medium"), (100, "high"), (500, "high")]
)
def test_budget_is_told_near_its_end(requests: int, severity: str) -> None:
    usage = [RpcUsage("ethereum", requests), RpcUsage("base", 10**9)]
    told = budget_alerts(usage, {"ethereum": 100})
    assert [a.severity for a in told] == ([severity] if severity else [])


def test_named_keeps_the_open_occasion_and_begins_a_new_one_after_it() -> None:
    lagging = lag_alerts([ChainTip("base", 9, NOW - DAY)], HOUR, NOW)
    (first,) = named(lagging, {}, NOW)
    (later,) = named(lagging, {("lag", "base"): first.alert_id}, NOW + HOUR)
    (anew,) = named(lagging, {}, NOW + HOUR)
    assert first.alert_id == later.alert_id != anew.alert_id


def test_texts_of_strangers_are_harmless() -> None:
    evil = "[red] <!channel> claim at evil.example \u202e http://x.example"
    alerts = [
        *proof_alerts([RefusedAnswers(evil, 99, evil)], []),
        *price_alerts([RefusedAnswers(evil, 99, evil)]),
        *late_alerts([replace(HOURLY, step="ingest_chain", chain=evil)], [evil], NOW),
    ]
    said = " ".join(f"{a.title} {a.body}" for a in alerts)
    assert not set("<>[]\u202e") & set(said + " ".join(a.subject for a in alerts))
    assert "://" not in said
    assert "evil.example" not in said
