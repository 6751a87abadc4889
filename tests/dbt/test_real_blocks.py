"""Real mainnet and OP blocks through the models, compared with independent answers row by row."""

import csv
import gzip
import io
from collections import Counter

import pytest

from oracul.warehouse.dbt import build, run_dbt
from tests.fixtures.landing import land_blocks
from tests.fixtures.real_chain import CHAIN_DATA, index_rows, load_recording, needs_shared_data

pytestmark = [pytest.mark.needs_shared_data, needs_shared_data]

CHAINS = {"1": "ethereum", "10": "optimism"}
IS_TRANSFER = "transfer_type in ('transfer', 'mint', 'burn')"


def expected_rows(name):
    path = CHAIN_DATA / "expected" / name
    data = path.read_bytes()
    text = gzip.decompress(data) if path.suffix == ".gz" else data
    return list(csv.DictReader(io.StringIO(text.decode())))


@pytest.fixture(scope="module")
def client(dbt_settings, dbt_client):
    """The warehouse with all real blocks landed and every model built once."""
    for folder, chain in (("jsonrpc_mainnet", "ethereum"), ("jsonrpc_optimism", "optimism")):
        land_blocks(dbt_client, chain, load_recording(folder).blocks)
    build(dbt_settings)
    return dbt_client


def rows(client, sql):
    return client.query(sql).result_rows


def test_golden_rows_hold(dbt_settings, client):
    nodes = run_dbt(dbt_settings, ["build", "--select", "golden_*"])
    assert {n.status for n in nodes} == {"success", "pass"}


def by_block(client, sql):
    return {(chain, number): values for chain, number, *values in rows(client, sql)}


def indexed(*columns):
    return {
        (CHAINS[row["chain_id"]], int(row["block_number"])): [int(row[c]) for c in columns]
        for row in index_rows()
        if any(int(row[c]) for c in columns)
    }


def test_erc20_counts_equal_the_index(client):
    found = by_block(
        client,
        "select chain, block_number, count() from curated.erc20_transfers"
        f" where {IS_TRANSFER} group by chain, block_number",
    )
    assert found == indexed("erc20_transfer_logs")


def test_nft_counts_equal_the_index(client):
    found = by_block(
        client,
        "select chain, block_number, count() from curated.nft_transfers"
        " group by chain, block_number",
    )
    assert found == indexed("erc721_transfer_logs")


def test_odd_counts_equal_the_index(client):
    found = by_block(
        client,
        "select chain, block_number, count() from curated.odd_transfers"
        " group by chain, block_number",
    )
    assert found == indexed("other_transfer_logs")


def test_transaction_counts_equal_the_index(client):
    found = by_block(
        client,
        "select chain, block_number, tx_count, failed_tx_count, log_count from curated.blocks"
        " where tx_count or log_count",
    )
    assert found == indexed("txs", "failed_txs", "logs")


def test_erc20_rows_equal_ethereum_etl(client):
    columns = ("token_address", "from_address", "to_address", "value", "transaction_hash")
    theirs = {
        (CHAINS[row["chain_id"]], int(row["block_number"]), int(row["log_index"])): tuple(
            row[c] for c in columns
        )
        for row in expected_rows("token_transfers_ethereum_etl.csv.gz")
    }
    ours = {
        (chain, number, index): tuple(values)
        for chain, number, index, *values in rows(
            client,
            "select chain, block_number, log_index, toString(token_address), from_address,"
            " to_address, toString(amount_raw), tx_hash from curated.erc20_transfers"
            f" where {IS_TRANSFER}",
        )
    }
    assert ours == {key: theirs[key] for key in ours}


def test_token_days_equal_ethereum_etl(client):
    expected = {
        (CHAINS[r["chain_id"]], r["day_utc"], r["token_address"]): (
            int(r["transfer_count"]),
            r["raw_value_sum"],
        )
        for r in expected_rows("token_day.csv.gz")
    }
    found = {
        (chain, day, token): (count, raw)
        for chain, day, token, count, raw in rows(
            client,
            "select chain, toString(block_date), toString(token_address), transfer_count,"
            " volume_raw_exact from marts.token_metrics_daily where transfer_count > 0",
        )
    }
    assert found == expected


def test_senders_and_receivers_of_a_day_equal_ethereum_etl_without_the_zero_address(client):
    expected = {
        (CHAINS[r["chain_id"]], r["day_utc"], r["token_address"]): (
            int(r["distinct_senders"]),
            int(r["distinct_receivers"]),
        )
        for r in expected_rows("token_day.csv.gz")
    }
    found = {
        (chain, day, token): (senders + bool(mints), receivers + bool(burns))
        for chain, day, token, senders, receivers, mints, burns in rows(
            client,
            "select chain, toString(block_date), toString(token_address), unique_senders,"
            " unique_receivers, mint_count, burn_count"
            " from marts.token_metrics_daily where transfer_count > 0",
        )
    }
    assert found == expected


def test_address_token_days_equal_ethereum_etl(client):
    columns = ("out_count", "out_raw_value", "in_count", "in_raw_value")
    expected = {
        (CHAINS[r["chain_id"]], r["day_utc"], r["token_address"], r["address"]): tuple(
            int(r[c]) for c in columns
        )
        for r in expected_rows("address_token_day.csv.gz")
    }
    found = {
        (chain, day, token, address): (out_count, int(out_raw), in_count, int(in_raw))
        for chain, day, token, address, out_count, out_raw, in_count, in_raw in rows(
            client,
            "select chain, toString(block_date), toString(token_address), address, outflow_count,"
            " outflow_raw_exact, inflow_count, inflow_raw_exact"
            " from marts.address_token_flows_daily",
        )
    }
    assert found == expected


def test_net_flows_are_exactly_in_minus_out(client):
    wrong = [
        row
        for row in rows(
            client,
            "select inflow_raw_exact, outflow_raw_exact, net_flow_raw_exact"
            " from marts.address_token_flows_daily",
        )
        if int(row[0]) - int(row[1]) != int(row[2])
    ]
    assert wrong == []


def test_fees_and_burn_equal_the_node_tracer_to_the_wei(client):
    expected = {
        int(r["block_number"]): (int(r["fees_paid_wei"]), int(r["base_fee_burned_wei"]))
        for r in expected_rows("block_fees_firehose.csv")
    }
    found = {
        number: (fees, burned)
        for number, fees, burned in rows(
            client,
            "select block_number, gas_fees_wei, burned_wei from curated.blocks"
            " where chain = 'ethereum'",
        )
    }
    assert {number: found[number] for number in expected} == expected


def test_network_metrics_sum_those_fees(client):
    day = expected_rows("block_fees_firehose.csv")
    fees, burned, count = rows(
        client,
        "select fees_total_eth, burned_total_eth, tx_count from marts.network_metrics_daily"
        " where chain = 'ethereum' and block_date = '2023-07-13'",
    )[0]
    assert fees == pytest.approx(sum(int(r["fees_paid_wei"]) for r in day) / 1e18, rel=1e-12)
    assert burned == pytest.approx(
        sum(int(r["base_fee_burned_wei"]) for r in day) / 1e18, rel=1e-12
    )
    assert count == sum(int(r["tx_count"]) for r in day)


def edge_cases(case):
    return {
        (CHAINS[r["chain_id"]], int(r["block_number"]), int(r["log_index"]))
        for r in expected_rows("edge_cases.csv")
        if r["case"] == case
    }


@pytest.mark.parametrize(
    ("case", "condition"),
    [
        ("mint_from_zero", "transfer_type = 'mint'"),
        # Two of them come from the zero address too, which makes them mints here.
        (
            "burn_to_zero",
            "transfer_type in ('mint', 'burn') and to_address = '0x' || repeat('0', 40)",
        ),
        ("self_transfer", f"is_self_transfer and {IS_TRANSFER}"),
        ("zero_value_transfer", f"is_zero_value and {IS_TRANSFER}"),
    ],
)
def test_transfer_edge_cases_are_recognised(client, case, condition):
    found = rows(
        client,
        f"select chain, block_number, log_index from curated.erc20_transfers where {condition}",
    )
    assert set(found) == edge_cases(case)


def test_unindexed_transfers_are_odd(client):
    found = rows(
        client,
        "select chain, block_number, log_index from curated.odd_transfers"
        " where reason = 'unindexed'",
    )
    assert set(found) == edge_cases("transfer_topic0_with_1_topics")


def test_anonymous_logs_are_no_transfers(client):
    found = rows(
        client,
        "select chain, block_number, log_index from staging.stg_evm__logs where topic0 is null",
    )
    assert set(found) == edge_cases("anonymous_log_no_topics")


@pytest.mark.parametrize(
    ("case", "condition"),
    [
        ("failed_tx", "is_success = false"),
        ("contract_creation", "created_contract_address is not null"),
        ("tx_type_0x3", "tx_type = 3"),
        ("tx_type_0x4", "tx_type = 4"),
        ("tx_type_0x7e", "tx_type = 126"),
    ],
)
def test_transaction_edge_cases_are_recognised(client, case, condition):
    expected = {r["transaction_hash"] for r in expected_rows("edge_cases.csv") if r["case"] == case}
    found = rows(client, f"select tx_hash from staging.stg_evm__transactions where {condition}")
    assert {tx_hash for (tx_hash,) in found} == expected


def test_empty_blocks_are_there(client):
    expected = {
        int(r["block_number"])
        for r in expected_rows("edge_cases.csv")
        if r["case"] == "empty_block"
    }
    found = rows(client, "select block_number from curated.blocks where tx_count = 0")
    assert {number for (number,) in found} == expected


def test_sum_of_flows_is_the_volume(client):
    volumes = Counter()
    for chain, day, token, raw in rows(
        client,
        "select chain, block_date, toString(token_address), inflow_raw_exact"
        " from marts.address_token_flows_daily",
    ):
        volumes[chain, day, token] += int(raw)
    found = rows(
        client,
        "select chain, block_date, toString(token_address), volume_raw_exact"
        " from marts.token_metrics_daily where transfer_count > 0",
    )
    assert {(chain, day, token): int(raw) for chain, day, token, raw in found} == dict(volumes)
