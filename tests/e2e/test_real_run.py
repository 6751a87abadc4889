"""`oracul run` on real mainnet blocks, from a node's answers to the marts, as a user types it."""

import csv
import gzip
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from oracul.demo.replay import serve_recording
from oracul.settings import load_settings
from oracul.warehouse import connect
from oracul.warehouse.embedded import stop
from tests.fixtures.content import content_hashes
from tests.fixtures.price_servers import PriceWorld, serve_prices
from tests.fixtures.real_chain import CHAIN_DATA, index_rows, load_recording, needs_shared_data

pytestmark = [pytest.mark.slow, needs_shared_data]

BLOCKS = range(17_686_110, 17_686_125)
PRICES = {
    "ethereum": 1900.0,
    "coingecko:ethereum": 1901.0,
    "ETH-USD": 1899.5,
    "usd-coin": 1.0,
    "coingecko:usd-coin": 1.0,
    "tether": 1.0,
    "coingecko:tether": 1.0,
}


def oracul(*words, environment, expect=0):
    done = subprocess.run(
        [sys.executable, "-m", "oracul.cli", *words],
        env=os.environ | environment,
        cwd=Path(environment["ORACUL_HOME"]).parent,
        capture_output=True,
        text=True,
    )
    assert done.returncode == expect, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """Settings of a home of its own, a node with the real blocks and price sources."""
    home = tmp_path_factory.mktemp("real") / "home"
    recording = load_recording("jsonrpc_mainnet")
    with (
        serve_recording(recording, head=BLOCKS[-1]) as node,
        serve_prices(PriceWorld(dict(PRICES), now=1_689_300_000)) as prices,
    ):
        variables = {
            "ORACUL_HOME": str(home),
            "ORACUL_WAREHOUSE__PORT": "0",
            "ORACUL_CHAINS__ETHEREUM__RPC_URLS": node.url,
        }
        for source in ("coingecko", "defillama", "coinbase", "kraken"):
            variables[f"ORACUL_PRICES__{source.upper()}__BASE_URL"] = getattr(
                prices, source
            ).base_url
        yield variables
        stop(_settings(variables))


def _settings(variables):
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        return load_settings()


@pytest.fixture(scope="module")
def first_run(environment):
    span = f"{BLOCKS.start}:{BLOCKS.stop}"
    return oracul("run", "--chain", "ethereum", "--blocks", span, environment=environment)


@pytest.fixture(scope="module")
def client(environment, first_run):
    return connect(_settings(environment))


def test_run_says_how_every_step_ended(first_run):
    for words in (
        "Landed chain data",
        "Built the marts",
        "Checked the marts",
        "Published the marts",
        "Looked for anomalies",
    ):
        assert words in first_run.stdout


def test_run_takes_exactly_the_asked_range(client):
    rows = client.query(
        "select min(block_number), max(block_number), count() from meta.canonical_blocks final"
    ).result_rows
    assert rows == [(BLOCKS.start, BLOCKS.stop - 1, len(BLOCKS))]


def test_run_proves_all_but_the_withdrawals_the_source_lacks(client):
    proofs = client.query("select distinct proof from raw.blocks final").result_rows
    assert [sorted(proof) for (proof,) in proofs] == [
        ["bloom", "header", "receipts", "transactions"]
    ]


def test_marts_equal_the_independent_token_days(client):
    with gzip.open(CHAIN_DATA / "expected" / "token_transfers_ethereum_etl.csv.gz", "rt") as file:
        rows = [r for r in csv.DictReader(file) if int(r["block_number"]) in BLOCKS]
    standard = {
        (int(number), int(index))
        for number, index in client.query(
            "select block_number, log_index from raw.logs final where topic0 ="
            " '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'"
            " and topic2 is not null and topic3 is null and length(data) = 66"
        ).result_rows
    }
    expected = Counter()
    for row in rows:
        if (int(row["block_number"]), int(row["log_index"])) in standard:
            expected[row["token_address"]] += int(row["value"])
    found = client.query(
        "select token_address, volume_raw_exact from marts.token_metrics_daily"
        " where transfer_count > 0"
    ).result_rows
    assert {token: int(raw) for token, raw in found} == dict(expected)


def test_counts_equal_the_independent_index(client):
    wanted = [r for r in index_rows() if r["chain_id"] == "1" and int(r["block_number"]) in BLOCKS]
    found = client.query(
        "select (select count() from raw.transactions final), (select count() from raw.logs final),"
        " (select count() from curated.erc20_transfers"
        "  where transfer_type not in ('wrap', 'unwrap')),"
        " (select count() from curated.nft_transfers)"
    ).result_rows[0]
    assert found == tuple(
        sum(int(row[name]) for row in wanted)
        for name in ("txs", "logs", "erc20_transfer_logs", "erc721_transfer_logs")
    )


def test_second_run_changes_nothing(environment, client):
    before = content_hashes(client)
    span = f"{BLOCKS.start}:{BLOCKS.stop}"
    oracul("run", "--chain", "ethereum", "--blocks", span, environment=environment)
    assert content_hashes(client) == before


def test_full_refresh_equals_the_incremental_tables(environment, client):
    before = content_hashes(client, ("curated", "marts"))
    oracul("transform", "--full-refresh", environment=environment)
    assert content_hashes(client, ("curated", "marts")) == before


def test_block_beyond_the_head_is_refused_with_what_to_do(environment, client):
    span = f"{BLOCKS.stop}:{BLOCKS.stop + 5}"
    words = ("ingest", "chain", "--chain", "ethereum", "--blocks", span)
    done = oracul(*words, environment=environment, expect=2)
    assert str(BLOCKS.stop - 1) in done.stderr


def test_endpoint_of_another_chain_is_refused(environment, client):
    wrong = environment | {
        "ORACUL_CHAINS__OPTIMISM__RPC_URLS": environment["ORACUL_CHAINS__ETHEREUM__RPC_URLS"]
    }
    words = ("ingest", "chain", "--chain", "optimism", "--blocks", "17686110:17686111")
    done = oracul(*words, environment=wrong, expect=2)
    assert "chain id" in done.stderr.lower()
