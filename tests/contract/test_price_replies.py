"""Replies that the real price sources once gave, recorded by others."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from extractors.prices import coinbase, coingecko, kraken
from extractors.prices.model import HOUR, Ask, Asset, Observation

MARKET_DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "market"
pytestmark = [
    pytest.mark.needs_shared_data,
    pytest.mark.skipif(
        not MARKET_DATA.is_dir(), reason="recorded real data not found at ../shared/data/market"
    ),
]
IDS = {"coingecko": "bitcoin", "coinbase": "BTC-USD", "kraken": "XXBTZUSD"}
BITCOIN = Asset("bitcoin", "BTC", IDS)
START = datetime(2020, 1, 1, tzinfo=UTC)
HISTORY = Ask((BITCOIN,), START, START + 24 * HOUR)
CURRENT = Ask((BITCOIN,), START, START + HOUR, asked_at=START)


def recorded(path: str) -> Any:
    return json.loads(gzip.decompress((MARKET_DATA / path).read_bytes()))


def coingecko_reply(part: str) -> Any:
    lines = gzip.decompress((MARKET_DATA / "coingecko_ruby/cassettes.jsonl.gz").read_bytes())
    calls = (json.loads(line) for line in lines.splitlines())
    body = next(c["body"] for c in calls if part in c["url"] and c["status"] == 200)
    return json.loads(body) if isinstance(body, str) else body


def first(observations: list[Observation]) -> tuple[datetime, float]:
    return observations[0].observed_at, observations[0].price


def test_coingecko_history_reads_as_recorded() -> None:
    found = coingecko.parse(HISTORY, coingecko_reply("market_chart?days=30&vs_currency=usd"))
    assert first(found) == (
        datetime(2021, 4, 15, 15, 4, 13, 863000, tzinfo=UTC),
        62641.967327043465,
    )
    assert len(found) > 700


def test_coingecko_current_leaves_out_a_quote_without_its_time() -> None:
    quote = coingecko_reply("simple/price?ids=bitcoin&vs_currencies=usd")
    assert quote == {"bitcoin": {"usd": 49326}}
    assert coingecko.parse(CURRENT, quote) == []


def test_coingecko_current_reads_as_recorded_with_its_time() -> None:
    quote = coingecko_reply("simple/price?ids=bitcoin&vs_currencies=usd")
    quote["bitcoin"]["last_updated_at"] = 1621092895
    assert first(coingecko.parse(CURRENT, quote)) == (
        datetime(2021, 5, 15, 15, 34, 55, tzinfo=UTC),
        49326.0,
    )


def test_coinbase_candles_read_as_recorded() -> None:
    body = recorded("bbgo_coinbase/QueryKLines.json.gz")[0]["response"]["body"]
    found = coinbase.parse(HISTORY, json.loads(body))
    assert len(found) == 350
    assert first(found) == (datetime(2025, 8, 18, 5, 57, tzinfo=UTC), 115733.6)


def test_coinbase_ticker_reads_as_recorded() -> None:
    body = recorded("bbgo_coinbase/QueryTicker.json.gz")[0]["response"]["body"]
    found = coinbase.parse(CURRENT, json.loads(body))
    assert first(found) == (datetime(2025, 8, 18, 5, 57, 56, 350973, tzinfo=UTC), 115730.07)


def test_kraken_candles_read_as_recorded() -> None:
    found = kraken.parse(HISTORY, recorded("xchange_kraken/example-ohlc-data.json.gz"))
    assert len(found) == 720
    assert first(found) == (datetime(2017, 8, 10, 22, 2, tzinfo=UTC), 3449.992)


def test_kraken_ticker_reads_as_recorded() -> None:
    found = kraken.parse(CURRENT, recorded("xchange_kraken/example-ticker-data.json.gz"))
    assert first(found) == (START, 560.87711)
