"""Every check of both doors passes on clean data and fails on the fault it is there for."""

import json
from datetime import timedelta

import pytest

from expectations.checkpoints import run_checks
from expectations.checks import SQL_DIR
from expectations.scope import Scope
from expectations.suites import suites_of
from oracul.settings import ChainSettings
from tests.fixtures.checked_chain import NOW, START, block_hash, tx_hash, write_clean
from tests.fixtures.noticing import FOLLOWED, SCOPE, change, delete, noticed

ONE_LOG = "block_number = 101 and log_index = 2"


def copy(table, replaced, where="block_number = 101"):
    """One more row, like the one of `where` but for what is replaced (do not name it there)."""
    return (
        f"insert into {table} select * replace ({replaced}) from {table}"
        f" where {{mine}} and {where} limit 1"
    )


def twice(*tables):
    return ";".join(f"insert into {t} select * from {t} where {{mine}}" for t in tables)


# fault -> (what spoils the data, the checks that must notice it and no other)
FAULTS = {
    "a dropped log": (delete("raw.logs", ONE_LOG), {"log_count_is_proven"}),
    "a log too many": (
        copy("raw.logs", "toUInt32(9) as log_index"), {"log_count_is_proven"},
    ),
    "a log of an unknown transaction": (
        copy("raw.logs", f"'{tx_hash(7, 7)}' as tx_hash", ONE_LOG), {"log_has_its_transaction"},
    ),
    "a topic without the one before": (
        change("raw.logs", "topic1 = null", ONE_LOG), {"topics_are_in_order"},
    ),
    "a dropped transaction": (
        delete("raw.transactions", "block_number = 101 and tx_index = 1"),
        {"transaction_count_is_proven", "log_has_its_transaction"},
    ),
    "a transaction in two blocks": (
        change("raw.transactions", f"tx_hash = '{tx_hash(100, 1)}'",
               "block_number = 101 and tx_index = 1"),
        {"transaction_stands_once", "log_has_its_transaction"},
    ),
    "gas above the limit of a transaction": (
        change("raw.transactions", "gas_used = 70000"), {"transaction_values_are_possible"},
    ),
    "a dropped withdrawal": (delete("raw.withdrawals"), {"withdrawal_count_is_proven"}),
    "a pointer without its block": (
        delete("raw.blocks"), {"pointer_has_its_block", "network_days_match_blocks"},
    ),
    "a gap": (delete("meta.canonical_blocks"), {"gaps", "network_days_match_blocks"}),
    "a parent that is another": (
        change("meta.canonical_blocks", f"parent_hash = '{block_hash(5)}'"), {"parents_link"},
    ),
    "a clock that goes back": (
        change("meta.canonical_blocks", "block_timestamp = '2026-03-01 01:00:00'",
               "block_number = 103"),
        {"parents_link"},
    ),
    "a hash at two heights": (
        copy("meta.canonical_blocks", "toUInt64(104) as block_number",
             f"block_hash = '{block_hash(101)}'"),
        {"hash_stands_once", "pointer_has_its_block", "parents_link"},
    ),
    "a block from the future": (
        change("meta.canonical_blocks", "block_timestamp = '2026-04-01 00:00:00'",
               "block_number = 103"),
        {"not_from_the_future"},
    ),
    "gas above the limit of a block": (
        change("raw.blocks", "gas_used = 40000000"), {"block_values_are_possible"},
    ),
    "a block without proof": (
        change("raw.blocks", "proof = []"), {"proof_is_stated", "proof_coverage"},
    ),
    "a block whose receipts are not proven": (
        change("raw.blocks", "proof = ['header', 'transactions']"), {"proof_coverage"},
    ),
    "a price of nothing": (change("raw.prices_spot", "price = 0", "1"), {"price_is_possible"}),
    "a price that is no number": (
        change("raw.prices_spot", "price = nan", "1"), {"price_is_possible"},
    ),
    "a price from the future": (
        copy("raw.prices_spot", "toDateTime64('2026-04-01', 3, 'UTC') as observed_at", "1"),
        {"price_is_not_from_the_future"},
    ),
    "a wrong sum": (
        change("marts.token_metrics_daily", "volume_raw_exact = '1'", "1"),
        {"token_sums_match_transfers"},
    ),
    "a wrong count": (
        change("marts.token_metrics_daily", "transfer_count = 1", "1"),
        {"token_sums_match_transfers"},
    ),
    "a doubled row": (
        copy("curated.erc20_transfers", "token_address as token_address", "1"),
        {"token_sums_match_transfers", "token_usd_matches_transfers", "flows_balance"},
    ),
    "a token that is missing": (
        delete("marts.token_metrics_daily", "block_date = '2026-03-02'"),
        {"token_sums_match_transfers"},
    ),
    "a day of a token that no transfer stands for": (
        copy("marts.token_metrics_daily", "toDate('2026-02-28') as block_date", "1"),
        {"token_sums_match_transfers", "token_usd_matches_transfers"},
    ),
    "a wrong volume in USD": (
        change("marts.token_metrics_daily", "volume_usd = 5000", "1"),
        {"token_usd_matches_transfers"},
    ),
    "a share above one": (
        change("marts.token_metrics_daily", "proven_ratio = 1.5", "1"),
        {"token_values_are_possible"},
    ),
    "a close above the high": (
        change("marts.token_metrics_daily", "price_close_usd = 3", "1"),
        {"token_values_are_possible"},
    ),
    "curated tokens without prices": (
        change("marts.token_metrics_daily", "priced_ratio = 0.5", "1"), {"price_coverage"},
    ),
    "a chain that is missing": (
        delete("marts.network_metrics_daily", "1"), {"network_days_match_blocks"},
    ),
    "a ratio that is none": (
        change("marts.network_metrics_daily", "failed_tx_ratio = -1", "1"),
        {"network_values_are_possible"},
    ),
    "an inflow from nowhere": (
        change("marts.address_flows_daily", "inflow_usd = 99, net_flow_usd = 99",
               "inflow_usd > 0"),
        {"flows_balance"},
    ),
    "a net flow that is not the difference": (
        change("marts.address_flows_daily", "net_flow_usd = 1", "1"), {"flow_values_are_possible"},
    ),
}  # fmt: skip


FAULTS |= {
    "volume beyond the band": (
        "insert into marts.token_metrics_daily select * replace ("
        " toDate('2026-02-22') - arrayJoin(range(20)) as block_date, 0.1 as volume_usd)"
        " from marts.token_metrics_daily where {mine} limit 20",
        {"volume_within_band", "token_sums_match_transfers", "token_usd_matches_transfers"},
    ),
    "nothing": ("select 1", set()),
    "a block landed twice": (
        twice("raw.blocks", "raw.transactions", "raw.logs", "meta.canonical_blocks"), set(),
    ),
    "a branch that lost": (
        copy("raw.blocks", f"'{block_hash(9)}' as block_hash, toUInt32(5) as log_count"), set(),
    ),
}  # fmt: skip
CHAINS = {fault: f"chain{number:02}" for number, fault in enumerate(FAULTS)}


@pytest.fixture(scope="module")
def found_by_chain(outcomes_client):
    """Each fault in a chain of its own, all of them there at once; what the checks find."""
    write_clean(outcomes_client, list(CHAINS.values()))
    for fault, (spoil, _) in FAULTS.items():
        chain = CHAINS[fault]
        mine = f"asset = '{chain}'" if "raw.prices_spot" in spoil else f"chain = '{chain}'"
        for statement in spoil.split(";"):
            outcomes_client.command(statement.replace("{mine}", mine))
    return noticed(outcomes_client)


@pytest.fixture
def clean(outcomes_client):
    """One clean chain, devnet."""
    write_clean(outcomes_client)
    return outcomes_client


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_noticed_by_its_checks_and_no_other(found_by_chain, fault):
    assert found_by_chain[CHAINS[fault]] == FAULTS[fault][1]


def test_stale_chain_is_noticed_when_it_is_followed(clean):
    later = NOW.replace(month=4)
    assert noticed(clean, Scope(later, followed=FOLLOWED)) == {"devnet": {"freshness"}}
    assert noticed(clean, Scope(later)) == {}


def name_tip(client, block_number, seen_at):
    client.insert(
        "chain_tips",
        [["devnet", block_number, 0, 0, seen_at]],
        database="meta",
        column_names=["chain", "block_number", "safe", "finalized", "seen_at"],
    )


@pytest.mark.parametrize(
    ("ahead", "asked_days_ago", "found"),
    [
        (0, 0, {"tip_moves"}),  # the chain or its node stands still; nothing is missing
        (100_000, 0, {"freshness"}),
        (0, 20, {"freshness", "tip_moves"}),  # nobody has asked for long
    ],
)
def test_lateness_is_judged_by_the_tip_that_endpoints_named(clean, ahead, asked_days_ago, found):
    later = NOW.replace(month=4)
    newest = clean.command("select max(block_number) from meta.canonical_blocks")
    name_tip(clean, int(newest) + ahead, later - timedelta(days=asked_days_ago))
    assert noticed(clean, Scope(later, followed=FOLLOWED)) == {"devnet": found}


def test_every_sql_file_belongs_to_a_check_and_is_tried():
    used = {
        check.meta["check"]
        for door in ("raw", "marts")
        for module in suites_of(door)
        for check in module.suite(SCOPE).expectations
        if hasattr(check, "unexpected_rows_query")
    }
    tried = set().union(*(checks for _, checks in FAULTS.values()))
    files = {"count_is_proven" if name.endswith("_count_is_proven") else name for name in used}
    assert files == {path.stem for path in SQL_DIR.glob("*.sql")}
    assert used - tried == {"freshness", "tip_moves", "days_are_built"}


def run(settings, client, door, run_id):
    settings = settings.model_copy(update={"chains": {"devnet": ChainSettings(rpc_urls=["x"])}})
    return run_checks(settings, client, door=door, run_id=run_id, now=NOW)


def test_doors_open_for_clean_data(outcomes_settings, clean):
    for door in ("raw", "marts"):
        report = run(outcomes_settings, clean, door, "clean")
        assert [row for row in report.rows if row.status != "pass"] == []
        assert report.sentence == f"{len(report.rows)} of {len(report.rows)} checks passed"
    written = "select count(), countIf(status = 'pass') from meta.data_quality_checks final"
    assert clean.query(f"{written} where run_id = 'clean'").result_rows == [(47, 47)]


SPOILT_FORMATS = {
    "meta.canonical_blocks": ["finality = 'maybe'"],
    "raw.blocks": ["parent_hash = upper(parent_hash)"],
    "raw.transactions": [
        "tx_hash = 'abc'", "from_address = '0x12'", "to_address = upper(to_address)",
    ],
    "raw.logs": ["tx_hash = ''", "address = '0x'", "topic0 = '0xzz'", "data = '0x123'"],
    "raw.withdrawals": ["address = '0xABC'"],
    "raw.token_metadata": ["token_address = ''", "decode_status = 'guess'"],
    "raw.prices_spot": ["quote = 'eur'"],
}  # fmt: skip


def test_door_one_says_what_is_wrong(outcomes_settings, clean):
    for table, assignments in SPOILT_FORMATS.items():
        # Columns of the sorting key cannot be updated: the table is read, emptied and written.
        replaced = ", ".join(f"{v} as {c}" for c, v in (a.split(" = ") for a in assignments))
        clean.command(f"create table spoilt as {table} engine = Memory")
        clean.command(f"insert into spoilt select * replace ({replaced}) from {table}")
        clean.command(f"truncate table {table}")
        clean.command(f"insert into {table} select * from spoilt")
        clean.command("drop table spoilt sync")
    report = run(outcomes_settings, clean, "raw", "spoilt")
    failed = {(row.table, row.check) for row in report.failed_critical}
    wanted = {
        (table, f"{column}_{'is_known' if column in known else 'format'}")
        for table, assignments in SPOILT_FORMATS.items()
        for column in (assignment.split(" = ")[0] for assignment in assignments)
        for known in [("finality", "decode_status", "quote")]
    }
    assert wanted <= failed
    data = next(row for row in report.rows if row.check == "data_format")
    assert data.observed == "12 wrong of 12 values"
    assert data.details == json.dumps(["0x123"] * 5)
    assert "FAILED: meta.canonical_blocks finality_is_known" in report.sentence


def test_warning_leaves_the_door_open_and_is_shown_with_examples(outcomes_settings, clean):
    clean.command(delete("meta.canonical_blocks").replace("{mine}", "1"))
    report = run(outcomes_settings, clean, "raw", "gap")
    assert report.failed_critical == ()
    (gap,) = report.failed_warnings
    assert (gap.check, gap.unexpected_count) == ("gaps", 1)
    assert '"missing_blocks": 1' in gap.details
    page = report.docs_index.read_text()
    assert "⚠ warning" in page
    assert "&quot;missing_blocks&quot;: 1" in page


def test_missing_mart_fails_its_door(outcomes_settings, clean):
    clean.command("rename table marts.network_metrics_daily to marts.gone")
    try:
        report = run(outcomes_settings, clean, "marts", "missing")
    finally:
        clean.command("rename table marts.gone to marts.network_metrics_daily")
    assert [(row.table, row.check) for row in report.failed_critical] == [
        ("marts.network_metrics_daily", "table_exists")
    ]


def test_what_passed_before_is_not_looked_at_again(outcomes_settings, clean):
    after = NOW + timedelta(days=1)
    for table, assignment in (
        ("raw.logs", "data = '0x123'"),
        ("raw.transactions", "gas_used = 7e4"),
    ):
        clean.command(change(table, assignment).replace("{mine}", "1"))
    clean.command(delete("raw.logs", ONE_LOG).replace("{mine}", "1"))
    assert noticed(clean, Scope(NOW, since=after)) == {}
    report = run_checks(outcomes_settings, clean, door="raw", run_id="since", now=NOW, since=after)
    assert report.failed_critical == ()


def test_what_was_landed_since_is_looked_at(outcomes_settings, clean):
    clean.command(change("raw.logs", "data = '0x123'").replace("{mine}", "1"))
    report = run_checks(outcomes_settings, clean, door="raw", run_id="new", now=NOW, since=START)
    assert [row.check for row in report.failed_critical] == ["data_format"]
