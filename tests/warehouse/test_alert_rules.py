"""What the rules find in a real warehouse, and do not find in a sound one."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from oracul.alerts.inputs import all_alerts, state_alerts
from oracul.alerts.rules import Alert
from oracul.settings import AlertSettings, ChainSettings, Settings
from oracul.warehouse import Client

NOW = datetime(2024, 5, 2, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
TABLES = (
    "canonical_blocks", "reorgs", "rejected_rows", "pipeline_runs", "verified_blocks", "rpc_usage",
)  # fmt: skip


@pytest.fixture
def clean(migrated_client: Client) -> Client:
    for table in TABLES:
        migrated_client.command(f"truncate table meta.{table}")
    return migrated_client


def settings(**limits: float) -> Settings:
    """Ethereum and Base are followed; the devnet was landed once."""
    chain = ChainSettings(rpc_urls=[SecretStr("http://node.example")])
    return Settings(
        chains={"ethereum": chain, "base": chain, "devnet": ChainSettings()},
        alerts=AlertSettings(**{"min_free_disk_ratio": 0, "min_free_disk_gb": 0, **limits}),
        _env_file=None,
    )


def found(client: Client, **limits: float) -> list[Alert]:
    return state_alerts(settings(**limits), client, NOW)


def rules(client: Client, **limits: float) -> list[str]:
    return [alert.rule for alert in found(client, **limits)]


def add(client: Client, table: str, rows: Sequence[dict[str, object]]) -> None:
    names = list(rows[0])
    client.insert(f"meta.{table}", [list(r.values()) for r in rows], column_names=names)


def add_blocks(
    client: Client,
    numbers: Sequence[int],
    *,
    chain: str = "ethereum",
    age: timedelta = MINUTE,
    landed: timedelta = MINUTE,
) -> None:
    add(client, "canonical_blocks", [
        {"chain": chain, "block_number": n, "block_hash": f"{n:064x}", "parent_hash": "",
         "block_timestamp": NOW - age, "finality": "latest", "version": n,
         "committed_at": NOW - landed}
        for n in numbers
    ])  # fmt: skip


def add_runs(
    client: Client, *ago: timedelta, status: str = "done", step: str = "transform"
) -> None:
    add(client, "pipeline_runs", [
        {"run_id": f"{status}-{back}", "step": step, "chain": "", "started_at": NOW - back,
         "finished_at": None if status == "running" else NOW - back, "status": status,
         "version": 1}
        for back in ago
    ])  # fmt: skip


def add_refused(client: Client, table: str, source: str, keys: Sequence[str], reason: str) -> None:
    add(client, "rejected_rows", [
        {"source": source, "table": table, "key": key, "reason": reason, "payload": "",
         "rejected_at": NOW - HOUR}
        for key in keys
    ])  # fmt: skip


def test_sound_warehouse_has_no_alert(clean: Client) -> None:
    add_blocks(clean, range(100))
    add_runs(clean, *(HOUR * n for n in range(1, 30)))
    assert found(clean) == []


def test_followed_chain_lags_and_a_recorded_one_does_not(clean: Client) -> None:
    add_blocks(clean, range(5), age=3 * HOUR)
    add_blocks(clean, range(5), chain="devnet", age=3000 * HOUR)
    assert [(a.rule, a.subject) for a in found(clean)] == [("lag", "ethereum")]
    assert rules(clean, max_lag_minutes=200) == []


def test_gap_is_told_when_nobody_fills_it(clean: Client) -> None:
    add_blocks(clean, [1, 2, 5, 6, 9], landed=3 * HOUR)
    add_blocks(clean, [1, 9], chain="base")
    add_blocks(clean, [1, 9], chain="devnet", landed=3 * HOUR)
    (alert,) = found(clean)
    assert (alert.rule, alert.subject) == ("gap", "ethereum")
    assert alert.body == "4 blocks in 2 gaps, the newest up to block 8"


def test_block_that_was_landed_again_is_no_gap(clean: Client) -> None:
    add_blocks(clean, [1, 2, 3], landed=3 * HOUR)
    add_blocks(clean, [2], landed=4 * HOUR)
    assert found(clean) == []


def test_step_with_a_rhythm_is_late(clean: Client) -> None:
    add_runs(clean, *(HOUR * n for n in range(5, 40)))
    (alert,) = found(clean)
    assert (alert.rule, alert.body) == (
        "pipeline_late",
        "no run for 5 h 0 min, usually one every 1 h 0 min",
    )


def test_step_without_an_end_is_told_and_the_telling_itself_is_not(clean: Client) -> None:
    add_runs(clean, 5 * HOUR, status="running")
    add_runs(clean, 5 * HOUR, status="running", step="alert")
    assert [(a.rule, a.subject) for a in found(clean)] == [("pipeline_late", "transform")]


def add_change(client: Client, outcome: str, depth: int, ago: timedelta) -> None:
    add(client, "reorgs", [
        {"chain": "ethereum", "fork_block_number": 10, "depth": depth, "old_head_hash": f"{depth}",
         "new_head_hash": "b", "old_version": depth, "detected_at": NOW - ago, "outcome": outcome}
    ])  # fmt: skip


def test_deep_reorg_of_the_last_day_is_told(clean: Client) -> None:
    add_change(clean, "followed", 5, HOUR)
    add_change(clean, "followed", 2, HOUR)
    add_change(clean, "followed", 9, 30 * HOUR)
    assert [(a.rule, a.body[:8]) for a in found(clean)] == [("reorg", "5 blocks")]


def test_halt_stands_until_the_chain_goes_on(clean: Client) -> None:
    add_change(clean, "halted", 1, 30 * HOUR)
    assert rules(clean) == ["fork_below_finality"]
    add(clean, "pipeline_runs", [
        {"run_id": "r", "step": "ingest_chain", "chain": "ethereum", "started_at": NOW - HOUR,
         "finished_at": NOW - HOUR, "status": "done", "version": 1}
    ])  # fmt: skip
    assert rules(clean) == []


def test_endpoint_and_asset_with_many_refusals_are_told(clean: Client) -> None:
    blocks = [f"ethereum/{n}" for n in range(30)]
    add_refused(clean, "raw.blocks", "ethereum endpoint 2", blocks, "receipts: root differs")
    hours = [f"ethereum:0xab/2024-05-02T{n:02}:00:00+00:00" for n in range(3)]
    add_refused(clean, "raw.prices_spot", "kraken", hours, "two sources disagree (1 and 2)")
    add_refused(clean, "raw.prices_spot", "coinbase", hours, "stale: 9000 s old, 7200 s allowed")
    assert [(a.rule, a.subject, a.body.partition(" ")[0]) for a in found(clean)] == [
        ("proof_failed", "ethereum endpoint 2", "30"),
        ("price_disagreement", "ethereum:0xab", "3"),
    ]


def add_verified(client: Client, number: int, block_hash: str) -> None:
    add(client, "verified_blocks", [
        {"chain": "ethereum", "block_number": number, "block_hash": block_hash,
         "blocks": "broken", "transactions": "proven", "logs": "proven", "withdrawals": "proven",
         "faults": ["header: hash differs"], "run_id": "r", "verified_at": NOW}
    ])  # fmt: skip


def test_broken_blocks_are_told_while_their_branch_counts(clean: Client) -> None:
    add_blocks(clean, range(5))
    add_verified(clean, 3, f"{3:064x}")
    add_verified(clean, 4, "of another branch")
    (alert,) = found(clean)
    assert (alert.rule, alert.severity, alert.body[:7]) == ("proof_failed", "high", "1 block")


def test_disk_of_the_tables_is_judged(clean: Client) -> None:
    add_blocks(clean, range(5))
    assert rules(clean, min_free_disk_gb=10**9) == ["disk"]
    assert rules(clean, min_free_disk_ratio=0.999999) == ["disk"]


def test_budget_is_judged_by_what_all_providers_were_asked_today(clean: Client) -> None:
    chain = ChainSettings(rpc_urls=[SecretStr("http://node.example")], daily_requests=150)
    spare = settings()
    asked = spare.model_copy(update={"chains": spare.chains | {"ethereum": chain}})
    add(clean, "rpc_usage", [
        {"day": day, "chain": "ethereum", "provider": provider, "flow": "ingest_chain",
         "counter": "c", "requests": requests, "counted_at": NOW + timedelta(seconds=requests)}
        for day, provider, requests in (
            (NOW.date(), "a", 30), (NOW.date(), "a", 60), (NOW.date(), "b", 60),
            (NOW.date() - timedelta(days=1), "a", 60),
        )
    ])  # fmt: skip
    (alert,) = [a for a in all_alerts(asked, clean, NOW) if a.rule == "rpc_budget"]
    assert alert.body == "120 of 150 requests of today (UTC)"
    assert [a for a in all_alerts(spare, clean, NOW) if a.rule == "rpc_budget"] == []
