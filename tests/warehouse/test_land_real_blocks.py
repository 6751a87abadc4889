"""Every real block of the shared data, landed through JSON-RPC, against other readers' answers."""

import csv
import gzip
from collections import Counter

import msgspec
import pytest

from extractors.evm.gaps import runs
from tests.fixtures.chain_landing import empty, landing
from tests.fixtures.content import content_hashes
from tests.fixtures.real_chain import (
    CHAIN_DATA,
    index_rows,
    load_recording,
    needs_shared_data,
)
from tests.fixtures.toy_chain import TRANSFER

pytestmark = needs_shared_data
FOLDERS = {"ethereum": "jsonrpc_mainnet", "optimism": "jsonrpc_optimism"}
CHAIN_IDS = {"ethereum": "1", "optimism": "10"}


def land_all(settings, client, wanted=range(2**32)):
    reports = []
    for chain, folder in FOLDERS.items():
        recording = load_recording(folder)
        numbers = [b.number for b in recording.blocks if b.number in wanted]
        with landing(settings, client, chain, recording) as real:
            reports += [real.extract(run.start, run.stop) for run in runs(numbers)]
    return reports


@pytest.fixture(scope="module")
def landed(warehouse_settings, migrated_client):
    """All 57 blocks, landed once for this module."""
    empty(migrated_client)
    reports = land_all(warehouse_settings, migrated_client)
    yield migrated_client, reports
    empty(migrated_client)


def rows(client, sql):
    return [tuple(row) for row in client.query(sql).result_rows]


def test_all_blocks_are_landed_and_proven(landed):
    client, reports = landed
    assert sum(r.blocks for r in reports) == 57
    assert not any(r.degraded or r.rejected for r in reports)
    proofs = rows(
        client, "select chain, proof, count() from raw.blocks final group by chain, proof"
    )
    assert Counter({(chain, len(parts)): count for chain, parts, count in proofs}) == {
        ("ethereum", 4): 28,
        ("ethereum", 5): 18,
        ("optimism", 4): 11,
    }


@pytest.mark.parametrize(
    ("column", "sql"),
    [
        ("txs", "select chain, block_number, count() from raw.transactions final group by 1, 2"),
        ("logs", "select chain, block_number, count() from raw.logs final group by 1, 2"),
        (
            "erc20_transfer_logs",
            "select chain, block_number, count() from raw.logs final"
            f" where topic0 = '{TRANSFER}' and topic2 is not null and topic3 is null group by 1, 2",
        ),
        (
            "erc721_transfer_logs",
            "select chain, block_number, count() from raw.logs final"
            f" where topic0 = '{TRANSFER}' and topic3 is not null group by 1, 2",
        ),
        (
            "other_transfer_logs",
            "select chain, block_number, count() from raw.logs final"
            f" where topic0 = '{TRANSFER}' and topic2 is null group by 1, 2",
        ),
        (
            "failed_txs",
            "select chain, block_number, countIf(not is_success) from raw.transactions final"
            " group by 1, 2",
        ),
        (
            "contract_creations",
            "select chain, block_number, countIf(to_address is null) from raw.transactions final"
            " group by 1, 2",
        ),
        ("gas_used", "select chain, block_number, gas_used from raw.blocks final"),
    ],
)
def test_counts_equal_the_index(landed, column, sql):
    found = {(CHAIN_IDS[chain], str(number)): int(n) for chain, number, n in rows(landed[0], sql)}
    for row in index_rows():
        key = row["chain_id"], row["block_number"]
        assert found.get(key, 0) == int(row[column] or 0), key


def test_fees_and_burn_equal_the_node_tracer_to_the_wei(landed):
    found = rows(
        landed[0],
        "select block_number, sum(toUInt256(t.gas_used) * t.effective_gas_price_wei),"
        " sum(toUInt256(t.gas_used) * assumeNotNull(b.base_fee_per_gas_wei))"
        " from raw.transactions as t final inner join raw.blocks as b final"
        " using (chain, block_number, block_hash) where chain = 'ethereum' group by block_number",
    )
    fees = {number: (paid, burned) for number, paid, burned in found}
    with (CHAIN_DATA / "expected" / "block_fees_firehose.csv").open(newline="") as file:
        expected = list(csv.DictReader(file))
    assert expected
    for row in expected:
        wanted = (int(row["fees_paid_wei"]), int(row["base_fee_burned_wei"]))
        assert fees[int(row["block_number"])] == wanted


def test_withdrawals_equal_what_the_node_sent(landed):
    found = Counter(
        rows(landed[0], "select block_number, address, amount_gwei from raw.withdrawals final")
    )
    wanted = Counter()
    for recorded in load_recording("jsonrpc_mainnet").blocks:
        for w in msgspec.json.decode(recorded.block).get("withdrawals") or []:
            wanted[recorded.number, w["address"], int(w["amount"], 16)] += 1
    assert found == wanted


def test_blocks_whose_node_keeps_withdrawals_say_so(landed):
    (count,) = rows(
        landed[0],
        "select count() from raw.blocks final where withdrawals_root is not null"
        " and withdrawal_count is null and not has(proof, 'withdrawals')",
    )
    kept_back = [r for r in index_rows() if r["withdrawals_field"] == "absent in source"]
    assert count[0] == len(kept_back) == 16


def test_transfer_logs_equal_ethereum_etl(landed):
    found = Counter(
        rows(
            landed[0],
            "select block_number, log_index, address, lower(tx_hash) from raw.logs final"
            f" where topic0 = '{TRANSFER}' and topic2 is not null and topic3 is null"
            " and length(data) = 66",
        )
    )
    path = CHAIN_DATA / "expected" / "token_transfers_ethereum_etl.csv.gz"
    with gzip.open(path, "rt", newline="") as file:
        etl = {
            (
                int(r["block_number"]),
                int(r["log_index"]),
                r["token_address"],
                r["transaction_hash"],
            )
            for r in csv.DictReader(file)
        }
    assert set(found) <= etl
    assert len(found) > 6000


def test_edge_cases_are_where_they_should_be(landed):
    wanted = {
        "failed_tx": "is_success = false",
        "contract_creation": "to_address is null",
        "tx_type_0x1": "tx_type = 1",
        "tx_type_0x3": "tx_type = 3 and notEmpty(blob_versioned_hashes) and blob_gas_used > 0",
        "tx_type_0x4": "tx_type = 4",
        "tx_type_0x7e": "tx_type = 126 and effective_gas_price_wei = 0",
    }
    with (CHAIN_DATA / "expected" / "edge_cases.csv").open(newline="") as file:
        cases = [r for r in csv.DictReader(file) if r["case"] in wanted and r["transaction_hash"]]
    assert cases
    for case in cases:
        (count,) = (
            landed[0]
            .query(
                "select count() from raw.transactions final where tx_hash = {tx:String} and "
                + wanted[case["case"]],
                parameters={"tx": case["transaction_hash"]},
            )
            .result_rows[0]
        )
        assert count == 1, case


def test_running_again_changes_nothing(landed, warehouse_settings):
    client, _ = landed
    before = content_hashes(client, ("raw", "meta"))
    reports = land_all(warehouse_settings, client, range(20_000_000, 110_000_000))
    assert sum(r.blocks for r in reports) == 0
    assert content_hashes(client, ("raw", "meta")) == before


def test_landing_the_same_blocks_twice_collapses(landed, warehouse_settings):
    client, _ = landed
    before = content_hashes(client, ("raw",))
    client.command("truncate table meta.canonical_blocks")
    reports = land_all(warehouse_settings, client, range(17_686_110, 17_686_165))
    assert sum(r.blocks for r in reports) == 16
    assert content_hashes(client, ("raw",)) == before


def test_faulty_archive_node_lands_nothing(warehouse_settings, empty_chain_tables):
    recording = load_recording("bad_node_mev_inspect")
    with landing(warehouse_settings, empty_chain_tables, "ethereum", recording) as faulty:
        for block in recording.blocks:
            report = faulty.extract(block.number, block.number + 1)
            assert list(report.gaps) == [block.number]
            assert "receiptsRoot" in report.degraded[-1]
        for table in ("raw.blocks", "raw.transactions", "raw.logs", "meta.canonical_blocks"):
            assert faulty.rows(f"select count() from {table}") == [(0,)]
        reasons = faulty.rows("select key, reason from meta.rejected_rows")
    assert {key for key, _ in reasons} == {"ethereum/11931270", "ethereum/12498502"}
