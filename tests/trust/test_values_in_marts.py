"""Promise: values are exact or refused, in what the models compute of them: one build over
transfers, prices, decimals and days at the edges.
"""

from datetime import UTC, datetime

import pytest

from oracul.warehouse import connect, migrate
from oracul.warehouse.dbt import raise_first_failure, run_dbt
from tests.fixtures.edge_values import TOKENS, U256, token_address
from tests.fixtures.landing import land_blocks
from tests.fixtures.toy_chain import ZERO_HASH, address, toy_block, transaction, transfer_log
from tests.fixtures.warehouse import own_warehouse

pytestmark = pytest.mark.slow
NAME = "values are exact or refused"
CHAIN = "ethereum"
USDC = "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48"
USDT = "0xdac17f958d2ee523a2206206994597c13d831ec7"
NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)
LAST_SECOND = 2**32 - 1
FIRST_DAY, LAST_DAY = "1970-01-01", "2106-02-07"


def at(number, seconds, logs, **tx):
    return toy_block(
        number,
        ZERO_HASH,
        [transaction(f"marts {number}", logs, **tx)],
        edit_header=lambda header: header.update(timestamp=hex(seconds)),
    )


def moved(token, amount):
    return transfer_log(token, address("from"), address("to"), amount)


def models(settings):
    raise_first_failure(
        run_dbt(settings, ["build", "--exclude-resource-type", "test", "unit_test"])
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A warehouse of the edges, after one build."""
    noon = int(NOON.timestamp())
    everywhere = [moved(token_address(t), U256) for t in TOKENS]
    blocks = [
        at(1, noon, [moved(USDC, U256), moved(USDC, U256), moved(USDC, 1)], value=hex(U256)),
        at(2, noon + 1, [moved(USDT, 10**6), moved(USDT, 0)], value="0x0"),
        at(3, noon + 2, everywhere, value=hex(2**53 + 1)),
        at(4, 0, [moved(USDT, 7)]),
        at(5, LAST_SECOND, [moved(USDT, 9)]),
    ]
    with own_warehouse(tmp_path_factory.mktemp("edges")) as settings:
        client = connect(settings)
        migrate(client)
        land_blocks(client, CHAIN, blocks)
        client.insert(
            "raw.token_metadata",
            [[CHAIN, token_address(t), 3, t.stored_symbol, t.stored_decimals, "", "", "string",
              "node", NOON] for t in TOKENS],
            column_names=["chain", "token_address", "block_number", "symbol", "decimals",
                          "name_hex", "symbol_hex", "decode_status", "source", "ingested_at"],
        )  # fmt: skip
        prices = [("usd-coin", 1e-30), ("tether", 1.0000000000000002), ("ethereum", 1e300)]
        client.insert(
            "raw.prices_spot",
            [[asset, asset, "usd", price, NOON, source, NOON]
             for asset, price in prices for source in ("a", "b")],
            column_names=["asset", "symbol", "quote", "price", "observed_at", "source",
                          "ingested_at"],
        )  # fmt: skip
        models(settings)
        # The genesis day again, which has no day before it.
        land_blocks(client, CHAIN, [at(6, 3600, [moved(USDT, 11)])])
        models(settings)
        yield client
        client.close()


def one(client, sql):
    ((*row,),) = client.query(sql).result_rows
    return row


USDC_DAY = f"from marts.token_metrics_daily where token_address = '{USDC}'"
USDT_ROWS = f"from curated.erc20_transfers where token_address = '{USDT}'"
EDGES = {
    "2^256-1 as an amount": (
        f"select max(amount_raw) from curated.erc20_transfers where token_address = '{USDC}'",
        [U256],
    ),
    "2^256-1 twice and one, summed": (f"select volume_raw_exact {USDC_DAY}", [str(2 * U256 + 1)]),
    "the same in whole tokens": (f"select volume {USDC_DAY}", [(2 * U256 + 1) / 10**6]),
    "implausible dollars are told, not summed": (
        "select groupUniqArray(tuple(amount_usd, usd_exclusion_reason))"
        f" from curated.erc20_transfers where token_address = '{USDC}' and log_index < 2",
        [[(None, "implausible")]]),
    "dollars at 1e-30": (
        f"select amount_usd from curated.erc20_transfers where token_address = '{USDC}'"
        " and log_index = 2", [1e-6 * 1e-30]),
    "the same summed, in whole millionths": (f"select volume_usd {USDC_DAY}", [0.0]),
    "a price of 1e-30": (f"select price_close_usd {USDC_DAY}", [1e-30]),
    "a price of 17 digits": (
        f"select price_usd {USDT_ROWS} and block_number = 2 limit 1", [1.0000000000000002]),
    "an amount of zero": (
        f"select amount_raw, amount, is_zero_value {USDT_ROWS} and log_index = 1", [0, 0.0, True]),
    "a value of 2^256-1 wei": (
        "select amount_raw from curated.native_transfers where block_number = 1", [U256]),
    "its dollars overflow: none, not infinite": (
        "select countIf(isInfinite(amount_usd) or isNaN(amount_usd)) from curated.native_transfers",
        [0]),
    "no infinite dollars in flows": (
        "select countIf(isInfinite(inflow_usd) or isInfinite(outflow_usd) or isNaN(net_flow_usd))"
        " from marts.address_flows_daily", [0]),
    "2^53+1 wei": (
        "select amount_raw from curated.native_transfers where block_number = 3", [2**53 + 1]),
    "1970 is a day": (
        f"select block_count, tx_count from marts.network_metrics_daily"
        f" where block_date = '{FIRST_DAY}'", [2, 2]),
    "its transfers": (
        f"select count(), sum(amount_raw) {USDT_ROWS} and block_date = '{FIRST_DAY}'", [2, 18]),
    "its week": (
        "select sum(block_count) from marts.network_metrics_weekly"
        " where week_start < '1970-02-01'", [2]),
    "the last day": (
        f"select block_count from marts.network_metrics_daily where block_date = '{LAST_DAY}'",
        [1]),
    "its hour": (
        "select block_count from marts.network_metrics_hourly"
        " where toUnixTimestamp(block_hour) = 4294965600 - 4294965600 % 3600", [1]),
    "its week, too": (
        "select block_count from marts.network_metrics_weekly where week_start = '2106-02-01'",
        [1]),
    "its transfers, too": (
        f"select sum(amount_raw) {USDT_ROWS} and block_date = '{LAST_DAY}'", [9]),
    "every block in the hourly mart": (
        "select sum(block_count) from marts.network_metrics_hourly", [6]),
    "every block in the weekly mart": (
        "select sum(block_count) from marts.network_metrics_weekly", [6]),
    "every transfer in the token marts": (
        "select sum(transfer_count) from marts.token_metrics_daily", [3 + 2 + len(TOKENS) + 3]),
}  # fmt: skip


def test_models_keep_values(promise, built):
    trial = promise(NAME, small=len(EDGES), full=len(EDGES), unit="values in marts")
    wrong = []
    for name, (sql, expected) in EDGES.items():
        found = [list(row) for row in built.query(sql).result_rows]
        if found != [expected]:
            wrong.append((name, expected, found))
    trial.saw(f"{len(EDGES) - len(wrong)} exact or NULL, {len(wrong)} otherwise")
    assert wrong == []


def test_tokens_keep_their_words_and_unknown_decimals_stay_unknown(promise, built):
    trial = promise(NAME, small=len(TOKENS), full=len(TOKENS), unit="tokens in marts")
    wrong = []
    for token in TOKENS:
        symbol, decimals, raw, amount = one(
            built,
            "select symbol, decimals, amount_raw, amount from curated.erc20_transfers"
            f" where token_address = '{token_address(token)}'",
        )
        unknown = token.stored_decimals is None
        meant = None if unknown else float(U256) / 10.0**token.stored_decimals
        near = amount is None if unknown else abs(amount - meant) <= abs(meant) * 1e-15
        # Nobody's ticker is empty: raw keeps it, the models call it unknown.
        words = (token.stored_symbol or None, token.stored_decimals, U256)
        if (symbol, decimals, raw) != words or not near:
            wrong.append((token.name, symbol, decimals, amount))
    trial.saw(f"{len(TOKENS) - len(wrong)} exact or NULL, {len(wrong)} otherwise")
    assert wrong == []
